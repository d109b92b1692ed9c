import {
  at,
  isObject,
  list,
  type PolicyResource,
} from "../../infra/policy-facts";
import {
  containersOf,
  isNodeAgent,
  isSystemNamespace,
  podSpecs,
  type PodSpec,
  read,
} from "./pod-specs";
import type { Rule } from "./rule";

const enforce = "pod-security.kubernetes.io/enforce";
const hostKeys = ["hostNetwork", "hostPID", "hostIPC"];

/** Capabilities that Pod Security's level `baseline` lets a container add. */
const harmless = [
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL"],
  ...["MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID"],
  "SYS_CHROOT",
];

/** Pods of teams and operators have no hold on their node. */
export const noPrivilegedPod: Rule = {
  name: "no-privileged-pod",
  description:
    "No pod is privileged or reaches its host but what enforces network policies, and every namespace enforces that, also for what charts bring.",
  check(resource) {
    if (isNodeAgent(resource)) return [];
    return [
      ...namespaceFaults(resource),
      ...podSpecs(resource).flatMap(podFaults),
      ...chartFaults(resource),
    ];
  },
};

/** Values of a chart that give its pods a hold on their node; its namespace refuses them only where it enforces that. */
function chartFaults({ type, props }: PolicyResource): string[] {
  return /^kubernetes:helm\.sh\/\S+:(Release|Chart)$/.test(type)
    ? valueFaults("values", props["values"])
    : [];
}

function valueFaults(path: string, value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) =>
      valueFaults(`${path}[${index}]`, item),
    );
  }
  if (!isObject(value)) return [];
  return Object.keys(value).flatMap((key) => {
    const inner = read(value, key);
    const place = `${path}.${key}`;
    if ([...hostKeys, "privileged"].includes(key) && inner === true)
      return [`${place}: remove it`];
    if (key === "hostPath" && isObject(inner))
      return [`${place}: use a volume claim`];
    return valueFaults(place, inner);
  });
}

function namespaceFaults(resource: PolicyResource): string[] {
  const { type, props } = resource;
  if (type !== "kubernetes:core/v1:Namespace") return [];
  if (isSystemNamespace(resource)) return [];
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
        ...list(container["ports"]).flatMap((port, index) =>
          at(port, "hostPort") === undefined || at(port, "hostPort") === 0
            ? []
            : [`${place}.ports[${index}].hostPort: use a service`],
        ),
        ...(at(context, "privileged") === true
          ? [`${place}.securityContext.privileged: remove it`]
          : []),
        ...added
          .filter((name) => !harmless.includes(name.replace(/^CAP_/, "")))
          .map(
            (name) =>
              `${place}.securityContext.capabilities.add: ${name}: remove it`,
          ),
      ];
    }),
  ];
}
