import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

type Retention =
  k8s.types.input.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy;

/** A volume for the one pod of a stateful set, named `data`; it goes with the set, not with its pod. */
export function dataVolume(
  storageClass: pulumi.Input<string>,
  storage: string,
): Required<
  Pick<
    k8s.types.input.apps.v1.StatefulSetSpec,
    "persistentVolumeClaimRetentionPolicy" | "volumeClaimTemplates"
  >
> {
  const persistentVolumeClaimRetentionPolicy: Retention = {
    whenDeleted: "Delete",
    whenScaled: "Retain",
  };
  return {
    persistentVolumeClaimRetentionPolicy,
    volumeClaimTemplates: [
      {
        metadata: { name: "data" },
        spec: {
          accessModes: ["ReadWriteOnce"],
          storageClassName: storageClass,
          resources: { requests: { storage } },
        },
      },
    ],
  };
}
