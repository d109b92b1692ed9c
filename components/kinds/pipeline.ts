import * as k8s from "@pulumi/kubernetes";
import type { meta } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

const apiVersion = "pipelines.kubeflow.org/v2beta1";

/** `spec` of a Pipeline as Kubeflow Pipelines 2.16 reads it (crd/kubernetes/v2beta1/pipeline_types.go). */
export interface PipelineSpec {
  readonly displayName?: string;
  readonly description?: string;
}

/** A pipeline by name, whose versions hold what it does. */
export class Pipeline extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: {
      readonly metadata: pulumi.Input<meta.v1.ObjectMeta>;
      readonly spec: PipelineSpec;
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    super(name, { apiVersion, kind: "Pipeline", ...args }, opts);
  }
}

/** `spec` of a PipelineVersion (crd/kubernetes/v2beta1/pipelineversion_types.go). */
export interface PipelineVersionSpec {
  /** Name of the Pipeline, in the same namespace. */
  readonly pipelineName: pulumi.Input<string>;
  readonly displayName?: pulumi.Input<string>;
  readonly description?: string;
  /** The compiled pipeline. */
  readonly pipelineSpec: pulumi.Input<object>;
  /** Kubernetes settings of the steps' pods: secrets in their environment, and node placement. */
  readonly platformSpec?: pulumi.Input<object>;
}

/** Version of a pipeline: its specification is immutable, and another one is another version. */
export class PipelineVersion extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: {
      readonly metadata: pulumi.Input<meta.v1.ObjectMeta>;
      readonly spec: PipelineVersionSpec;
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    super(
      name,
      { apiVersion, kind: "PipelineVersion", ...args },
      // Its name is that of its content, and another one another object; what KFP writes into it is no change.
      { ignoreChanges: ["spec"], ...opts },
    );
  }
}
