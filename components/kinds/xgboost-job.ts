import * as k8s from "@pulumi/kubernetes";
import type { meta } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

import type { ReplicaSpec, RunPolicy } from "./training";

/** `spec` of a XGBoostJob as operator 1.9 reads it (pkg/apis/kubeflow.org/v1/xgboost_types.go). */
export interface XGBoostJobSpec {
  readonly runPolicy: RunPolicy;
  readonly xgbReplicaSpecs: {
    readonly Master: ReplicaSpec;
    readonly Worker?: ReplicaSpec;
  };
}

/** An XGBoost training: the master has the tracker, and workers find it by `MASTER_ADDR` (`kubeflow.org/v1`). */
export class XGBoostJob extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: {
      readonly metadata: pulumi.Input<meta.v1.ObjectMeta>;
      readonly spec: XGBoostJobSpec;
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    super(
      name,
      { apiVersion: "kubeflow.org/v1", kind: "XGBoostJob", ...args },
      opts,
    );
  }
}
