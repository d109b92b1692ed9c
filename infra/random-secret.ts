import * as pulumi from "@pulumi/pulumi";

/** Random bytes that are made once and kept in the stack's state, as a secret. */
export class RandomSecret extends pulumi.CustomResource {
  /** Lower-case hexadecimal, two digits a byte. */
  declare readonly hex: pulumi.Output<string>;

  constructor(
    name: string,
    args: { readonly bytes: number },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "mlstack:index:RandomSecret",
      name,
      { ...args, hex: undefined },
      { ...opts, additionalSecretOutputs: ["hex"] },
    );
  }
}
