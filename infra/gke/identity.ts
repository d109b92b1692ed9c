import * as serviceaccount from "@pulumi/gcp/serviceaccount";
import * as storage from "@pulumi/gcp/storage";
import * as pulumi from "@pulumi/pulumi";

import type { OwnGrant } from "../grants";
import type { Identity, IdentityArgs } from "../platform";
import type { GcsBucket } from "./bucket";

/** Arguments of an identity, and the buckets it may access. */
export interface WorkloadAccountArgs {
  readonly project: string;
  readonly accountId: string;
  readonly serviceAccount: IdentityArgs["serviceAccount"];
  readonly grants: readonly OwnGrant<GcsBucket>[];
  /** Description of the service account, which names its owner. */
  readonly description: string;
  /** The project's pool of workload identities is there only once a cluster of it is. */
  readonly cluster: pulumi.Resource;
}

const objectRoles = {
  read: "roles/storage.objectViewer",
  write: "roles/storage.objectUser",
};

/** A service account of Google that one service account of the cluster acts as, and nobody else. */
export class WorkloadAccount
  extends pulumi.ComponentResource
  implements Identity
{
  readonly annotations: Identity["annotations"];
  readonly podLabels = {};
  readonly env = [];
  readonly hadoopConf: Identity["hadoopConf"];
  readonly ready: readonly pulumi.Resource[];

  constructor(
    name: string,
    args: WorkloadAccountArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:WorkloadAccount", name, {}, opts);
    const { namespace, name: account } = args.serviceAccount;
    const google = new serviceaccount.Account(
      `${name}-account`,
      {
        accountId: args.accountId,
        displayName: `${namespace}/${account}`,
        description: args.description,
      },
      { parent: this },
    );
    new serviceaccount.IAMMember(
      `${name}-workload`,
      {
        serviceAccountId: google.name,
        role: "roles/iam.workloadIdentityUser",
        member: `serviceAccount:${args.project}.svc.id.goog[${namespace}/${account}]`,
      },
      { parent: this, dependsOn: args.cluster },
    );
    for (const grant of args.grants) this.grant(name, google.email, grant);
    this.annotations = { "iam.gke.io/gcp-service-account": google.email };
    this.hadoopConf = gcsConf(args.project);
    this.ready = [this];
    this.registerOutputs({});
  }

  private grant(
    name: string,
    email: pulumi.Output<string>,
    { bucket, access }: OwnGrant<GcsBucket>,
  ): void {
    // The connector asks for the bucket itself as well, which the roles for objects do not allow.
    const roles = {
      objects: objectRoles[access],
      bucket: "roles/storage.legacyBucketReader",
    };
    for (const [part, role] of Object.entries(roles)) {
      new storage.BucketIAMMember(
        `${name}-${bucket.name}-${part}`,
        {
          bucket: bucket.resource.name,
          role,
          member: pulumi.interpolate`serviceAccount:${email}`,
        },
        { parent: this },
      );
    }
  }
}

/** The connector takes its tokens from the metadata server, which answers with the pod's own account. */
function gcsConf(project: string) {
  return {
    "fs.gs.impl": "com.google.cloud.hadoop.fs.gcs.GoogleHadoopFileSystem",
    "fs.AbstractFileSystem.gs.impl":
      "com.google.cloud.hadoop.fs.gcs.GoogleHadoopFS",
    "fs.gs.project.id": project,
    // Without a key file beside it this means Compute Engine credentials (connector 2.2; 3.x calls it fs.gs.auth.type).
    "fs.gs.auth.service.account.enable": "true",
  };
}
