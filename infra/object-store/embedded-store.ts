import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { Image } from "../image";
import { DataVolume } from "../volumes/data-volume";
import type {
  Bucket,
  BucketArgs,
  Identity,
  IdentityArgs,
  ImageRegistry,
  Platform,
} from "../platform";
import { RandomSecret } from "../random-secret";
import type { Lifetime } from "../target";
import { EmbeddedAccount } from "./embedded-account";
import {
  namespace as namespaceName,
  region,
  rootAccessKeyId,
  s3Port,
  storeName,
} from "./embedded-address";
import { EmbeddedBucket, type StoreAdministration } from "./embedded-bucket";
import { expiryJob, expiryLabels } from "./embedded-expiry";
import { embeddedPod } from "./embedded-pod";
import { keyPairIdentity } from "./key-pair-identity";
import type { ObjectStore } from "./object-store";

/** Arguments of the embedded store. */
export interface EmbeddedStoreArgs {
  readonly kubeconfig: pulumi.Input<string>;
  readonly provider: k8s.Provider;
  readonly storage: Platform["storage"];
  readonly images: ImageRegistry;
  /** Size of the volume, as a Kubernetes quantity. */
  readonly size: string;
  /** In long-lived stacks, the volume's claim is protected from deletion. */
  readonly lifetime: Lifetime;
}

const labels = { app: storeName };

/** versitygw, an S3-compatible store on one persistent volume of the cluster, as one replica. */
export class EmbeddedStore
  extends pulumi.ComponentResource
  implements ObjectStore
{
  private readonly server: k8s.apps.v1.StatefulSet;
  private readonly administration: StoreAdministration;
  private readonly provider: k8s.Provider;
  private readonly endpoint: pulumi.Output<string>;

  constructor(
    name: string,
    args: EmbeddedStoreArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:EmbeddedStore", name, {}, opts);
    this.provider = args.provider;
    const child = { parent: this, provider: args.provider };
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      {
        metadata: {
          name: namespaceName,
          labels: { "pod-security.kubernetes.io/enforce": "restricted" },
        },
      },
      child,
    ).metadata.name;
    const rootKey = new RandomSecret(
      `${name}-root-key`,
      { bytes: 32 },
      { parent: this },
    );
    const rootSecret = this.rootSecret(name, namespace, rootKey);
    networkPolicies(name, namespace, child);
    const service = this.service(name, namespace);
    this.server = new k8s.apps.v1.StatefulSet(
      name,
      {
        metadata: { name: storeName, namespace },
        spec: {
          serviceName: service.metadata.name,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: embeddedPod({
              image: this.image(name, args.images),
              claim: this.claim(name, namespace, args),
              rootSecret,
            }),
          },
        },
      },
      child,
    );
    this.endpoint = pulumi.interpolate`http://${service.metadata.name}.${namespace}.svc:${s3Port}`;
    expiryJob(
      `${name}-expiry`,
      { namespace, endpoint: this.endpoint, rootSecret },
      child,
    );
    this.administration = {
      kubeconfig: args.kubeconfig,
      rootSecretKey: rootKey.hex,
    };
    this.registerOutputs();
  }

  /**
   * A bucket in the store. Versions are not kept: versitygw 1.8.0 goes on listing the folders of a versioned bucket
   * whose objects are all deleted, so that Hadoop takes an output for there already.
   */
  bucket(
    name: string,
    { protect, ...args }: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Bucket {
    const resource = new EmbeddedBucket(
      name,
      { ...this.administration, bucket: name, ...args, versioned: false },
      {
        ...opts,
        dependsOn: [this.server],
        // Its data goes with the store.
        deletedWith: this.server,
        protect,
      },
    );
    return {
      name,
      resource,
      uri: pulumi.interpolate`s3a://${resource.bucket}`,
    };
  }

  /** One key pair for the service account, kept in a secret of its namespace. */
  identity(
    name: string,
    args: IdentityArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Identity {
    const account = new EmbeddedAccount(
      name,
      {
        ...this.administration,
        account: name,
        grants: args.grants.map(({ bucket, access }) => ({
          bucket: bucket.name,
          access,
        })),
      },
      {
        ...opts,
        dependsOn: [
          this.server,
          ...args.grants.map((grant) => grant.bucket.resource),
        ],
        deletedWith: this.server,
      },
    );
    const identity = keyPairIdentity(
      name,
      {
        accessKeyId: account.accessKeyId,
        secretAccessKey: account.secretAccessKey,
        serviceAccount: args.serviceAccount,
        cluster: this.provider,
        address: { endpoint: this.endpoint, region },
      },
      opts,
    );
    return { ...identity, ready: [account, ...identity.ready] };
  }

  /** The image with the store's program, which upstream does not publish. */
  private image(name: string, registry: ImageRegistry): pulumi.Output<string> {
    return new Image(
      `${name}-image`,
      {
        image: "versitygw",
        context: "infra/supply/toolchain/versitygw",
        dockerfile: "infra/object-store/image/Dockerfile",
        registry,
      },
      { parent: this },
    ).ref;
  }

  private rootSecret(
    name: string,
    namespace: pulumi.Input<string>,
    rootKey: RandomSecret,
  ): pulumi.Output<string> {
    return new k8s.core.v1.Secret(
      `${name}-root-key`,
      {
        metadata: { namespace },
        stringData: {
          // Environment variables of versitygw, which are those of AWS' tools.
          ROOT_ACCESS_KEY_ID: rootAccessKeyId,
          ROOT_SECRET_ACCESS_KEY: rootKey.hex,
          AWS_ACCESS_KEY_ID: rootAccessKeyId,
          AWS_SECRET_ACCESS_KEY: rootKey.hex,
        },
      },
      { parent: this, provider: this.provider },
    ).metadata.name;
  }

  private service(
    name: string,
    namespace: pulumi.Input<string>,
  ): k8s.core.v1.Service {
    return new k8s.core.v1.Service(
      name,
      {
        metadata: {
          name: storeName,
          namespace,
          // Its endpoints come with the StatefulSet, which in turn needs the service's name.
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        spec: {
          selector: labels,
          ports: [{ name: "s3", port: s3Port }],
        },
      },
      { parent: this, provider: this.provider },
    );
  }

  private claim(
    name: string,
    namespace: pulumi.Input<string>,
    { storage, size, lifetime }: EmbeddedStoreArgs,
  ): pulumi.Output<string> {
    return new DataVolume(
      `${name}-data`,
      {
        ...{ namespace, storage, size, lifetime },
        name: `${storeName}-data`,
        provider: this.provider,
      },
      { parent: this },
    ).claim;
  }
}

/** The store is reached on the port of its S3 API only, and reaches nothing; the expiry job reaches the store. */
function networkPolicies(
  name: string,
  namespace: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): void {
  const policyTypes = ["Ingress", "Egress"];
  new k8s.networking.v1.NetworkPolicy(
    `${name}-network`,
    {
      metadata: { name: storeName, namespace },
      spec: {
        podSelector: { matchLabels: labels },
        policyTypes,
        ingress: [{ ports: [{ protocol: "TCP", port: s3Port }] }],
      },
    },
    opts,
  );
  new k8s.networking.v1.NetworkPolicy(
    `${name}-expiry-network`,
    {
      metadata: { name: expiryLabels.app, namespace },
      spec: {
        podSelector: { matchLabels: expiryLabels },
        policyTypes,
        egress: [
          {
            to: [{ podSelector: { matchLabels: labels } }],
            ports: [{ protocol: "TCP", port: s3Port }],
          },
          {
            ports: [
              { protocol: "UDP", port: 53 },
              { protocol: "TCP", port: 53 },
            ],
          },
        ],
      },
    },
    opts,
  );
}
