import * as k8s from "@pulumi/kubernetes";
import type { apps, core, meta } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

/** `spec` of an InferenceService as KServe 0.15 reads it (pkg/apis/serving/v1beta1), for a predictor of one's own. */
export interface InferenceServiceSpec {
  readonly predictor: core.v1.PodSpec & {
    readonly labels?: Readonly<Record<string, pulumi.Input<string>>>;
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly deploymentStrategy?: apps.v1.DeploymentStrategy;
  };
}

/** A model behind HTTP (`serving.kserve.io/v1beta1`). */
export class InferenceService extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: {
      readonly metadata: meta.v1.ObjectMeta;
      readonly spec: InferenceServiceSpec;
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    super(
      name,
      {
        apiVersion: "serving.kserve.io/v1beta1",
        kind: "InferenceService",
        ...args,
      },
      opts,
    );
  }
}

/** Name of the container that KServe takes for the predictor, whatever else is in the pod. */
export const predictorContainer = "kserve-container";

/** Name of the Service that KServe makes for the predictor of an InferenceService. */
export function predictorService(name: string): string {
  return `${name}-predictor`;
}
