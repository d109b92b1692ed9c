import * as k8s from "@pulumi/kubernetes";
import type { meta } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

import type { ReplicaSpec, RunPolicy } from "./training";

/** `spec` of a TFJob as operator 1.9 reads it (pkg/apis/kubeflow.org/v1/tensorflow_types.go). */
export interface TFJobSpec {
  readonly runPolicy: RunPolicy;
  readonly tfReplicaSpecs: {
    readonly Chief?: ReplicaSpec;
    readonly Worker?: ReplicaSpec;
    readonly PS?: ReplicaSpec;
    readonly Evaluator?: ReplicaSpec;
  };
  /** Success of all workers rather than of the chief alone. */
  readonly successPolicy?: "" | "AllWorkers";
}

/** A TensorFlow training: every replica is given the whole cluster in `TF_CONFIG` (`kubeflow.org/v1`). */
export class TFJob extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: {
      readonly metadata: pulumi.Input<meta.v1.ObjectMeta>;
      readonly spec: TFJobSpec;
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    super(
      name,
      { apiVersion: "kubeflow.org/v1", kind: "TFJob", ...args },
      opts,
    );
  }
}
