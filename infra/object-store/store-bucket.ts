import * as pulumi from "@pulumi/pulumi";

/** The Garage pod through which a store is administered, and how to reach it. */
export interface StoreAdministration {
  /** Secret. */
  readonly kubeconfig: pulumi.Input<string>;
  readonly namespace: pulumi.Input<string>;
  readonly pod: pulumi.Input<string>;
}

/** A bucket of the in-cluster store. */
export class StoreBucket extends pulumi.CustomResource {
  declare readonly bucket: pulumi.Output<string>;

  constructor(
    name: string,
    args: StoreAdministration & { readonly bucket: string },
    opts: pulumi.CustomResourceOptions,
  ) {
    super("mlstack:index:StoreBucket", name, args, opts);
  }
}
