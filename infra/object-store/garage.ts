import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type {
  Bucket,
  BucketArgs,
  Identity,
  IdentityArgs,
  StringMap,
} from "../platform";
import { RandomSecret } from "../random-secret";
import { garagePod, garageSettings, region, s3Port } from "./garage-pod";
import type { ObjectStore } from "./store";
import { StoreBucket, type StoreAdministration } from "./store-bucket";
import { StoreKey } from "./store-key";

/** What the store needs of the cluster that it runs in. */
export interface GarageArgs {
  readonly kubeconfig: pulumi.Input<string>;
  readonly provider: k8s.Provider;
  readonly storageClass: pulumi.Input<string>;
  /** Size of the volume, as a Kubernetes quantity. */
  readonly size: string;
}

/** Garage, a maintained S3-compatible store, as one replica on a persistent volume of the cluster. */
export class Garage extends pulumi.ComponentResource implements ObjectStore {
  private readonly server: k8s.apps.v1.StatefulSet;
  private readonly administration: StoreAdministration;
  private readonly provider: k8s.Provider;
  private readonly endpoint: pulumi.Output<string>;

  constructor(
    name: string,
    args: GarageArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:Garage", name, {}, opts);
    this.provider = args.provider;
    const child = { parent: this, provider: args.provider };
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      {
        metadata: {
          name: "object-store",
          labels: { "pod-security.kubernetes.io/enforce": "restricted" },
        },
      },
      child,
    ).metadata.name;
    const settings = new k8s.core.v1.ConfigMap(
      `${name}-settings`,
      { metadata: { namespace }, data: garageSettings },
      child,
    );
    const rpcSecret = new RandomSecret(
      `${name}-rpc-secret`,
      { bytes: 32 },
      { parent: this },
    );
    const secret = new k8s.core.v1.Secret(
      `${name}-rpc-secret`,
      { metadata: { namespace }, stringData: { hex: rpcSecret.hex } },
      child,
    );
    const service = new k8s.core.v1.Service(
      name,
      {
        metadata: {
          name: "garage",
          namespace,
          // Its endpoints come with the StatefulSet, which in turn needs the service's name.
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        spec: {
          selector: { app: "garage" },
          ports: [{ name: "s3", port: s3Port }],
        },
      },
      child,
    );
    this.server = new k8s.apps.v1.StatefulSet(
      name,
      {
        metadata: { name: "garage", namespace },
        spec: {
          serviceName: service.metadata.name,
          selector: { matchLabels: { app: "garage" } },
          template: {
            metadata: { labels: { app: "garage" } },
            spec: garagePod(settings.metadata.name, secret.metadata.name),
          },
          volumeClaimTemplates: [
            {
              metadata: { name: "data" },
              spec: {
                storageClassName: args.storageClass,
                accessModes: ["ReadWriteOnce"],
                resources: { requests: { storage: args.size } },
              },
            },
          ],
        },
      },
      child,
    );
    this.administration = {
      kubeconfig: args.kubeconfig,
      namespace,
      pod: pulumi.interpolate`${this.server.metadata.name}-0`,
    };
    this.endpoint = pulumi.interpolate`http://${service.metadata.name}.${namespace}.svc:${s3Port}`;
    this.registerOutputs();
  }

  /** A bucket in the store; versions are not kept, since Garage has none. */
  bucket(
    name: string,
    args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Bucket {
    const resource = new StoreBucket(
      name,
      { ...this.administration, bucket: name },
      {
        ...opts,
        dependsOn: [this.server],
        // Its data goes with the store; taken away alone, a bucket must be empty.
        deletedWith: this.server,
        protect: args.protect,
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
    const key = new StoreKey(
      name,
      {
        ...this.administration,
        tenant: name,
        grants: args.grants.map(({ bucket, access }) => ({
          bucket: bucket.name,
          access,
        })),
      },
      {
        ...opts,
        dependsOn: args.grants.map(({ bucket }) => bucket.resource),
        deletedWith: this.server,
      },
    );
    const secret = new k8s.core.v1.Secret(
      `${name}-object-store`,
      {
        metadata: {
          name: `${args.serviceAccount.name}-object-store`,
          namespace: args.serviceAccount.namespace,
        },
        stringData: {
          AWS_ACCESS_KEY_ID: key.accessKeyId,
          AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
        },
      },
      { ...opts, provider: this.provider },
    );
    return {
      annotations: {},
      podLabels: {},
      env: [
        ...["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map((variable) => ({
          name: variable,
          valueFrom: {
            secretKeyRef: { name: secret.metadata.name, key: variable },
          },
        })),
        // For clients outside of Hadoop, which read the variables of AWS' own tools.
        { name: "AWS_ENDPOINT_URL", value: this.endpoint },
        { name: "AWS_REGION", value: region },
      ],
      hadoopConf: s3aSettings(this.endpoint, region),
      ready: [key, secret],
    };
  }
}

/**
 * Settings of Hadoop's S3A client (3.4) for an S3-compatible endpoint without TLS or virtual hosts.
 * The provider's name is the AWS SDK's, version 2, which that client is built on.
 */
export function s3aSettings(
  endpoint: pulumi.Input<string>,
  region: string,
): StringMap {
  return {
    "fs.s3a.endpoint": endpoint,
    "fs.s3a.endpoint.region": region,
    "fs.s3a.path.style.access": "true",
    "fs.s3a.connection.ssl.enabled": "false",
    "fs.s3a.aws.credentials.provider":
      "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider",
  };
}
