import * as pulumi from "@pulumi/pulumi";

import type { StoreAdministration } from "./embedded-bucket";

/** An account of the embedded store: one key pair, and exactly the grants named. */
export class EmbeddedAccount extends pulumi.CustomResource {
  declare readonly accessKeyId: pulumi.Output<string>;
  /** Secret. */
  declare readonly secretAccessKey: pulumi.Output<string>;

  constructor(
    name: string,
    args: StoreAdministration & {
      readonly account: string;
      readonly grants: readonly {
        readonly bucket: pulumi.Input<string>;
        readonly access: "read" | "write";
      }[];
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    super(
      "mlstack:index:EmbeddedAccount",
      name,
      { ...args, accessKeyId: undefined, secretAccessKey: undefined },
      { ...opts, additionalSecretOutputs: ["secretAccessKey"] },
    );
  }
}
