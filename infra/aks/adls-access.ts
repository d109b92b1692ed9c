import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link AdlsAccess}. */
export interface AdlsAccessArgs {
  /** Secret. */
  readonly kubeconfig: pulumi.Input<string>;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly tenant: string;
  readonly clientId: pulumi.Input<string>;
  /** Addresses of the containers. */
  readonly containers: readonly pulumi.Input<string>[];
}

/** Is there once its containers let a service account in, whose role and credential take minutes to be known. */
export class AdlsAccess extends pulumi.CustomResource {
  constructor(
    name: string,
    args: AdlsAccessArgs,
    opts: pulumi.CustomResourceOptions,
  ) {
    super("mlstack:index:AdlsAccess", name, { ...args }, opts);
  }
}
