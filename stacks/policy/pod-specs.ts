import {
  at,
  isObject,
  list,
  type PolicyResource,
  type Properties,
} from "../../infra/policy-facts";

/** A pod as a resource describes it. */
export interface PodSpec {
  /** Path in the resource, such as `spec.template.spec`. */
  readonly path: string;
  readonly spec: Properties;
}

/** A container, with its path in the resource. */
export interface Container {
  readonly path: string;
  readonly container: Properties;
}

/** Every pod that a Kubernetes resource describes, of whatever kind it is: what has containers is a pod's. */
export function podSpecs({ type, props }: PolicyResource): PodSpec[] {
  return type.startsWith("kubernetes:") && isObject(props["spec"])
    ? search("spec", props["spec"])
    : [];
}

function search(path: string, value: unknown): PodSpec[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => search(`${path}[${index}]`, item));
  }
  if (!isObject(value)) return [];
  if (Array.isArray(read(value, "containers"))) return [{ path, spec: value }];
  return Object.keys(value).flatMap((key) =>
    search(`${path}.${key}`, read(value, key)),
  );
}

/** At preview, reading what is not known yet is an error of its own; no pod is behind it. */
export function read(value: Properties, key: string): unknown {
  try {
    return value[key];
  } catch {
    return undefined;
  }
}

/** The containers of a pod, those included that only prepare it or are added to look into it. */
export function containersOf({ path, spec }: PodSpec): Container[] {
  return ["initContainers", "containers", "ephemeralContainers"].flatMap(
    (key) =>
      list(spec[key]).flatMap((container, index) =>
        isObject(container)
          ? [{ path: `${path}.${key}[${index}]`, container }]
          : [],
      ),
  );
}

/** Namespaces of the cluster's own services. */
const systemNamespaces = ["kube-system", "local-path-storage"];

/** Whether a resource is a namespace of the cluster's own services, which are no pods of anybody's. */
export function isSystemNamespace({ type, props }: PolicyResource): boolean {
  return (
    type === "kubernetes:core/v1:Namespace" &&
    systemNamespaces.includes(String(at(props, "metadata", "name") ?? ""))
  );
}

/** Whether a resource is what enforces network policies, which is a node's own work; nothing else of the program's is. */
export function isNodeAgent({ type, name, props }: PolicyResource): boolean {
  return (
    type === "kubernetes:apps/v1:DaemonSet" &&
    name.endsWith("-network-policies") &&
    at(props, "metadata", "namespace") === "kube-system"
  );
}
