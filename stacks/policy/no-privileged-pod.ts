import { at, list, type PolicyResource } from "../../infra/policy-facts";
import { containersOf, isSystem, podSpecs, type PodSpec } from "./pod-specs";
import type { Rule } from "./rule";

const enforce = "pod-security.kubernetes.io/enforce";
const hostKeys = ["hostNetwork", "hostPID", "hostIPC"];
const powers = ["ALL", "SYS_ADMIN", "SYS_PTRACE", "NET_ADMIN", "SYS_MODULE"];

/** Pods of teams and operators have no hold on their node. */
export const noPrivilegedPod: Rule = {
  name: "no-privileged-pod",
  description:
    "Outside the cluster's own namespaces no pod is privileged or reaches its host, and every namespace enforces that, also for what charts bring.",
  check(resource) {
    if (isSystem(resource)) return [];
    return [
      ...namespaceFaults(resource),
      ...podSpecs(resource).flatMap(podFaults),
    ];
  },
};

function namespaceFaults({ type, props }: PolicyResource): string[] {
  if (type !== "kubernetes:core/v1:Namespace") return [];
  const level = at(props, "metadata", "labels", enforce);
  return level === "restricted" || level === "baseline"
    ? []
    : [`metadata.labels["${enforce}"]: write restricted or baseline`];
}

function podFaults(pod: PodSpec): string[] {
  const { path, spec } = pod;
  return [
    ...hostKeys
      .filter((key) => spec[key] === true)
      .map((key) => `${path}.${key}: remove it`),
    ...list(spec["volumes"]).flatMap((volume, index) =>
      at(volume, "hostPath") === undefined
        ? []
        : [`${path}.volumes[${index}].hostPath: use a volume claim`],
    ),
    ...containersOf(pod).flatMap(({ path: place, container }) => {
      const context = container["securityContext"];
      const added = list(at(context, "capabilities", "add")).map(String);
      return [
        ...(at(context, "privileged") === true
          ? [`${place}.securityContext.privileged: remove it`]
          : []),
        ...added
          .filter((name) => powers.includes(name.replace(/^CAP_/, "")))
          .map(
            (name) =>
              `${place}.securityContext.capabilities.add: ${name}: remove it`,
          ),
      ];
    }),
  ];
}
