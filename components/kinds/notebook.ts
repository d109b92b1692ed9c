import * as k8s from "@pulumi/kubernetes";
import type { core, meta } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

/** `spec` of a Notebook as Kubeflow 1.10 reads it (components/notebook-controller/api/v1/notebook_types.go). */
export interface NotebookSpec {
  readonly template: { readonly spec: pulumi.Input<core.v1.PodSpec> };
}

/** A notebook server: the controller makes a StatefulSet, a Service, and Istio's way to it (`kubeflow.org/v1`). */
export class Notebook extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: {
      readonly metadata: pulumi.Input<meta.v1.ObjectMeta>;
      readonly spec: NotebookSpec;
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    super(
      name,
      { apiVersion: "kubeflow.org/v1", kind: "Notebook", ...args },
      opts,
    );
  }
}
