import * as k8s from "@pulumi/kubernetes";
import type { meta } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

import type { ReplicaSpec, RunPolicy } from "./training";

/** `spec` of a PyTorchJob as operator 1.9 reads it (pkg/apis/kubeflow.org/v1/pytorch_types.go). */
export interface PyTorchJobSpec {
  readonly runPolicy: RunPolicy;
  readonly pytorchReplicaSpecs: {
    readonly Master: ReplicaSpec;
    readonly Worker?: ReplicaSpec;
  };
  /** Processes a replica: a number, `cpu`, `gpu` or `auto`. */
  readonly nprocPerNode?: string;
}

/** A PyTorch training: rank 0 is the master, and workers find it by `MASTER_ADDR` (`kubeflow.org/v1`). */
export class PyTorchJob extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: {
      readonly metadata: pulumi.Input<meta.v1.ObjectMeta>;
      readonly spec: PyTorchJobSpec;
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    super(
      name,
      { apiVersion: "kubeflow.org/v1", kind: "PyTorchJob", ...args },
      opts,
    );
  }
}
