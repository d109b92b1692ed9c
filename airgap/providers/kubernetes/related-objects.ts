import { listAt, propertiesAt, textAt, type Properties } from "../plugin/value";
import { ApiError, NoSuchKind, type Cluster } from "./cluster";
import type { GroupVersionKind } from "./naming";
import type { Related } from "./readiness";

/** An object as it is, or nothing where it is not. */
export async function read(
  cluster: Cluster,
  kind: GroupVersionKind,
  namespace: string | undefined,
  name: string,
): Promise<Properties | undefined> {
  try {
    const path = await cluster.path(kind, namespace, name);
    return await cluster.request({ method: "GET", path });
  } catch (error) {
    if (error instanceof NoSuchKind) return undefined;
    if (error instanceof ApiError && error.code === 404) return undefined;
    throw error;
  }
}

/** What belongs to an object, read from the cluster. */
export class RelatedObjects implements Related {
  /** From where on a watch of the pods tells something new. */
  seenPods:
    | {
        readonly path: string;
        readonly query: Readonly<Record<string, string>>;
      }
    | undefined;

  constructor(
    readonly cluster: Cluster,
    readonly namespace: string | undefined,
  ) {}

  read(
    kind: GroupVersionKind,
    namespace: string | undefined,
    name: string,
  ): Promise<Properties | undefined> {
    return read(this.cluster, kind, namespace, name);
  }

  async pods(selector: Properties): Promise<readonly Properties[]> {
    const path = await this.cluster.path(
      { apiVersion: "v1", kind: "Pod" },
      this.namespace,
    );
    const labelSelector = Object.entries(selector)
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(",");
    const list = await this.cluster.request({
      method: "GET",
      path,
      query: { labelSelector },
    });
    const resourceVersion = textAt(list, "metadata", "resourceVersion") ?? "";
    this.seenPods = { path, query: { labelSelector, resourceVersion } };
    return listAt(list, "items").map((pod) => propertiesAt(pod));
  }
}
