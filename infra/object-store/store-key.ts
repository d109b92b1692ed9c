import * as pulumi from "@pulumi/pulumi";

import type { StoreAdministration } from "./store-bucket";

/** One tenant's key pair in the in-cluster store, with the rights it holds and no others. */
export class StoreKey extends pulumi.CustomResource {
  declare readonly accessKeyId: pulumi.Output<string>;
  /** Secret. */
  declare readonly secretAccessKey: pulumi.Output<string>;

  constructor(
    name: string,
    args: StoreAdministration & {
      readonly tenant: string;
      readonly grants: readonly {
        readonly bucket: pulumi.Input<string>;
        readonly access: "read" | "write";
      }[];
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    super(
      "mlstack:index:StoreKey",
      name,
      { ...args, accessKeyId: undefined, secretAccessKey: undefined },
      { ...opts, additionalSecretOutputs: ["secretAccessKey"] },
    );
  }
}
