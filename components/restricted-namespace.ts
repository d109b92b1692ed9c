import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** Label by which a namespace refuses pods that fall short of Pod Security `restricted`. */
export const restrictedLabel = {
  "pod-security.kubernetes.io/enforce": "restricted",
} as const;

/** A namespace for what a component installs, under Pod Security `restricted`. @param component its resource's name */
export function restrictedNamespace(
  component: string,
  name: string,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Namespace {
  return new k8s.core.v1.Namespace(
    `${component}-namespace`,
    { metadata: { name, labels: restrictedLabel } },
    opts,
  );
}
