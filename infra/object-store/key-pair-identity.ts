import { Secret } from "@pulumi/kubernetes/core/v1";
import type { Provider } from "@pulumi/kubernetes/provider";
import type * as pulumi from "@pulumi/pulumi";

import type { Identity, IdentityArgs } from "../platform";
import { objectStoreSecret } from "./key-pair-secret";
import { type S3Address, s3aSettings } from "./s3a-settings";

/** A key pair of an S3-compatible store, and where it is used. */
export interface KeyPairArgs {
  readonly accessKeyId: pulumi.Input<string>;
  /** Secret. */
  readonly secretAccessKey: pulumi.Input<string>;
  readonly serviceAccount: IdentityArgs["serviceAccount"];
  /** Cluster that the secret is put into. */
  readonly cluster: Provider;
  readonly address: S3Address;
}

/** Pods read the pair from a secret of their namespace. */
export function keyPairIdentity(
  name: string,
  args: KeyPairArgs,
  opts: pulumi.ComponentResourceOptions,
): Identity {
  const secret = new Secret(
    `${name}-object-store`,
    {
      metadata: {
        name: objectStoreSecret(args.serviceAccount.name),
        namespace: args.serviceAccount.namespace,
      },
      stringData: {
        AWS_ACCESS_KEY_ID: args.accessKeyId,
        AWS_SECRET_ACCESS_KEY: args.secretAccessKey,
      },
    },
    { parent: opts.parent, dependsOn: opts.dependsOn, provider: args.cluster },
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
      { name: "AWS_ENDPOINT_URL", value: args.address.endpoint },
      { name: "AWS_REGION", value: args.address.region },
    ],
    hadoopConf: s3aSettings(args.address),
    ready: [secret],
  };
}
