import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link VolumeSize}. */
export interface VolumeSizeArgs {
  /** `NAMESPACE/CLAIM`, for messages. */
  readonly claim: pulumi.Input<string>;
  /** Kubernetes quantity. */
  readonly size: string;
  /** Whether the storage class grows volumes. */
  readonly expandable: boolean;
}

/** Size of a volume that holds data. A smaller one than before is refused at preview, since no volume shrinks. */
export class VolumeSize extends pulumi.CustomResource {
  constructor(
    name: string,
    args: VolumeSizeArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super("mlstack:index:VolumeSize", name, { ...args }, opts);
  }
}
