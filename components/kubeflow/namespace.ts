import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { baselineNamespace } from "../guarded-namespace";
import { omit } from "../manifests/kustomization";

/** Namespace of Kubeflow, the training operator and the runs of pipelines. */
export const kubeflowNamespace = "kubeflow";

/**
 * The namespace, for what is installed into it to depend on. A kustomization that brings it would make it beside its
 * own objects, which then wait for it in the engine's few places at once, and may fail before it has had one.
 */
export function makeKubeflowNamespace(
  component: string,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Namespace {
  return baselineNamespace(component, kubeflowNamespace, opts);
}

/** Leaves the namespace out of a kustomization: several bring it, and one object must have one owner. */
export const omitKubeflowNamespace = omit(
  ({ kind, metadata }) =>
    kind === "Namespace" && metadata.name === kubeflowNamespace,
);
