import * as pulumi from "@pulumi/pulumi";

import type { BucketArgs } from "../platform";

/** Arguments by which the embedded store is administered. */
export interface StoreAdministration {
  /** Kubeconfig of the cluster that runs the store. Secret. */
  readonly kubeconfig: pulumi.Input<string>;
  /** Secret access key of the store's administrator. Secret. */
  readonly rootSecretKey: pulumi.Input<string>;
}

/** A bucket of the embedded store. */
export class EmbeddedBucket extends pulumi.CustomResource {
  declare readonly bucket: pulumi.Output<string>;

  constructor(
    name: string,
    args: StoreAdministration &
      Omit<BucketArgs, "protect"> & { readonly bucket: string },
    opts: pulumi.CustomResourceOptions,
  ) {
    super("mlstack:index:EmbeddedBucket", name, args, opts);
  }
}
