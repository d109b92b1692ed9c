import { textAt, type Properties } from "../plugin/value";
import { ApiError, NoSuchKind, type Cluster } from "./cluster";
import type { GroupVersionKind } from "./naming";
import type { RelatedObjects } from "./related-objects";

/** The object that a change is waited for in. */
export interface Watched {
  readonly cluster: Cluster;
  readonly kind: GroupVersionKind;
  readonly signal: AbortSignal;
}

/** Ends when the object or one of its pods changes, or after some time. */
export async function nextChange(
  { cluster, kind, signal }: Watched,
  namespace: string | undefined,
  name: string,
  live: Properties | undefined,
  milliseconds: number,
  related: RelatedObjects | undefined,
): Promise<void> {
  if (!live) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return;
  }
  // Not AbortSignal.any with AbortSignal.timeout: in Node 20 their collection as garbage can lose the time-out.
  const first = new AbortController();
  const within = first.signal;
  const end = () => first.abort();
  const timer = setTimeout(end, milliseconds);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const watch = async (
    path: string,
    query: Readonly<Record<string, string>>,
  ): Promise<void> => {
    try {
      await cluster.watch(path, query, within, () => Promise.resolve(true));
    } catch (error) {
      if (within.aborted) return;
      // Not every kind can be watched, and a server may be restarting.
      await new Promise((resolve) => setTimeout(resolve, 500));
      if (error instanceof ApiError || error instanceof NoSuchKind) return;
      throw error;
    }
  };
  const watches = [
    watch(await cluster.path(kind, namespace), {
      fieldSelector: `metadata.name=${name}`,
      resourceVersion: textAt(live, "metadata", "resourceVersion") ?? "",
    }),
  ];
  const pods = related?.seenPods;
  if (pods) watches.push(watch(pods.path, pods.query));
  try {
    await Promise.race(watches);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    end();
    await Promise.allSettled(watches);
  }
}
