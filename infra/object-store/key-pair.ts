import type { Provider } from "@pulumi/kubernetes/provider";
import { Secret } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";

import type { Identity, IdentityArgs, StringMap } from "../platform";

/** A key pair of an S3-compatible store, and where it is used. */
export interface KeyPairArgs {
  readonly accessKeyId: pulumi.Input<string>;
  /** Secret. */
  readonly secretAccessKey: pulumi.Input<string>;
  readonly serviceAccount: IdentityArgs["serviceAccount"];
  /** Cluster that the secret is put into. */
  readonly cluster: Provider;
  readonly hadoopConf: StringMap;
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
        name: `${args.serviceAccount.name}-object-store`,
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
    env: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map((variable) => ({
      name: variable,
      valueFrom: {
        secretKeyRef: { name: secret.metadata.name, key: variable },
      },
    })),
    hadoopConf: args.hadoopConf,
    ready: [secret],
  };
}
