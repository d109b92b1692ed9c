import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** Label by which a namespace refuses pods that fall short of a level of Pod Security. */
const enforce = <Level extends "restricted" | "baseline">(level: Level) =>
  ({ "pod-security.kubernetes.io/enforce": level }) as const;

/** The label for Pod Security `restricted`. */
export const restrictedLabel = enforce("restricted");

/** A namespace for what a component installs, under Pod Security `restricted`. @param component its resource's name */
export function restrictedNamespace(
  component: string,
  name: string,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Namespace {
  return guarded(component, name, restrictedLabel, opts);
}

/** The same under `baseline`, for what comes without the settings that `restricted` asks for. */
export function baselineNamespace(
  component: string,
  name: string,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Namespace {
  return guarded(component, name, enforce("baseline"), opts);
}

function guarded(
  component: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Namespace {
  return new k8s.core.v1.Namespace(
    `${component}-namespace`,
    { metadata: { name, labels } },
    opts,
  );
}
