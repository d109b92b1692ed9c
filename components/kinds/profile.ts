import * as k8s from "@pulumi/kubernetes";
import type { core, meta, rbac } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

/** `spec` of a Profile as Kubeflow 1.10 reads it (components/profile-controller/api/v1/profile_types.go). */
export interface ProfileSpec {
  /** Administers the namespace; the dashboard knows users only. */
  readonly owner: rbac.v1.Subject;
  /** Becomes the ResourceQuota `kf-resource-quota`. */
  readonly resourceQuotaSpec?: core.v1.ResourceQuotaSpec;
}

/** A namespace of a person or a team, by its name (`kubeflow.org/v1`, without a namespace itself). */
export class Profile extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: {
      readonly metadata: pulumi.Input<meta.v1.ObjectMeta>;
      readonly spec: ProfileSpec;
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    super(
      name,
      { apiVersion: "kubeflow.org/v1", kind: "Profile", ...args },
      opts,
    );
  }
}
