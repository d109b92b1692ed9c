import type { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import type { OwnGrant } from "../grants";
import { keyPairIdentity } from "../object-store/key-pair-identity";
import type { Identity, IdentityArgs } from "../platform";
import { makeApplication } from "./application";
import type { ScalewayBucket } from "./bucket";
import type { ScalewayRegistry } from "./registry";

/** Arguments of an identity, and the buckets it may access. */
export interface WorkloadKeyArgs {
  readonly applicationName: string;
  readonly project: string;
  readonly region: string;
  readonly serviceAccount: IdentityArgs["serviceAccount"];
  readonly grants: readonly OwnGrant<ScalewayBucket>[];
  readonly images: ScalewayRegistry;
  readonly cluster: KubernetesProvider;
  readonly tags: readonly string[];
}

/**
 * An application's permissions in its project. Bucket policies restrict them to buckets.
 *
 * @see https://www.scaleway.com/en/docs/object-storage/reference-content/s3-iam-permissions-equivalence/
 */
const permissionSets = {
  read: ["ObjectStorageBucketsRead", "ObjectStorageObjectsRead"],
  write: ["ObjectStorageObjectsWrite", "ObjectStorageObjectsDelete"],
} as const;

/** An application of IAM for one service account: its key is in a secret of the account's namespace. */
export class WorkloadKey extends pulumi.ComponentResource implements Identity {
  readonly annotations: Identity["annotations"];
  readonly podLabels: Identity["podLabels"];
  readonly env: Identity["env"];
  readonly hadoopConf: Identity["hadoopConf"];
  readonly imagePullSecrets: Identity["imagePullSecrets"];
  readonly ready: readonly pulumi.Resource[];

  constructor(
    name: string,
    args: WorkloadKeyArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:WorkloadKey", name, {}, opts);
    const { serviceAccount, grants, region } = args;
    const { namespace, name: account } = serviceAccount;
    const writes = grants.some(({ access }) => access === "write");
    const { application, rights, key } = makeApplication(
      name,
      {
        ...args,
        description: `${namespace}/${account}`,
        permissionSets: [
          ...permissionSets.read,
          ...(writes ? permissionSets.write : []),
        ],
      },
      { parent: this },
    );
    for (const { bucket, access } of grants) {
      bucket.grant({ application: application.id, access });
    }
    const child = { parent: this, dependsOn: opts.dependsOn };
    const identity = keyPairIdentity(
      name,
      {
        accessKeyId: key.accessKey,
        secretAccessKey: pulumi.secret(key.secretKey),
        serviceAccount,
        cluster: args.cluster,
        address: { endpoint: `https://s3.${region}.scw.cloud`, region },
      },
      child,
    );
    const pull = args.images.pullSecret(name, serviceAccount, {
      ...child,
      provider: args.cluster,
    });
    this.annotations = identity.annotations;
    this.podLabels = identity.podLabels;
    this.env = identity.env;
    this.hadoopConf = identity.hadoopConf;
    this.imagePullSecrets = [pull.metadata.name];
    this.ready = [
      rights,
      pull,
      ...grants.map(({ bucket }) => bucket.policy),
      ...identity.ready,
    ];
    this.registerOutputs({});
  }
}
