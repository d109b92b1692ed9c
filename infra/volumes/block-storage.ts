import { StorageClass } from "@pulumi/kubernetes/storage/v1";
import type * as pulumi from "@pulumi/pulumi";

/** Parameters of a cluster's disks. */
export interface BlockStorageArgs {
  /** CSI driver, such as `ebs.csi.aws.com`. */
  readonly provisioner: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether claims that name no class get this one; false where the cloud marks its own already. */
  readonly byDefault: boolean;
  /** Whether the driver grows volumes. */
  readonly expandable: boolean;
}

/** The storage class of the platform's disks: in the zone of the first pod, grown in place where its driver can, gone with their claim. */
export function blockStorage(
  name: string,
  { provisioner, parameters, byDefault, expandable }: BlockStorageArgs,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const storageClass = new StorageClass(
    `${name}-block`,
    {
      metadata: {
        name: "mlstack-block",
        annotations: {
          "storageclass.kubernetes.io/is-default-class": String(byDefault),
        },
      },
      provisioner,
      parameters: { ...parameters },
      allowVolumeExpansion: expandable,
      reclaimPolicy: "Delete",
      volumeBindingMode: "WaitForFirstConsumer",
    },
    opts,
  );
  return storageClass.metadata.name;
}
