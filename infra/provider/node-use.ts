import { z } from "zod";

import { gpuResource, poolLabel } from "../pools/placement";
import { amount, quantity } from "../quantity";
import type { Pod } from "./job-pod";

const whatIsThere = z.object({
  cores: z.number(),
  bytes: z.number(),
  gpus: z.number(),
});

/** Resources that a job's pods requested of one node, and for how long. */
export const nodeUseSchema = z.object({
  node: z.string(),
  /** Empty where neither the node nor its pods name one. */
  pool: z.string(),
  /** From when its first pod was there until its last one was gone, as ISO instants. */
  startedAt: z.string(),
  finishedAt: z.string(),
  /** Requests of its pods, in resource-seconds. */
  coreSeconds: z.number(),
  byteSeconds: z.number(),
  gpuSeconds: z.number(),
  /** Capacity of the node, where it could be read. */
  capacity: whatIsThere.optional(),
});

/** Resources that a job's pods requested of one node, and for how long. */
export type NodeUse = z.output<typeof nodeUseSchema>;

/** Capacity and labels of a node. */
export const nodeSchema = z.object({
  metadata: z.object({
    labels: z.record(z.string(), z.string()).prefault({}),
  }),
  status: z.object({
    capacity: z.record(z.string(), z.string()).prefault({}),
  }),
});

type Node = z.output<typeof nodeSchema>;

/**
 * Node usage of a job's pods, accumulated from repeated polls: Spark deletes an executor that has ended, so each poll
 * may be the last that sees it.
 */
export class NodeUseRecord {
  readonly #pods = new Map<string, { pod: Pod; seenAt: number }>();
  readonly #nodes = new Map<string, Node | undefined>();

  /** @param node fetches a node, once per name; on failure the node's data stay unknown */
  constructor(private readonly node: (name: string) => Promise<unknown>) {}

  /** Notes the pods as they are now. Never fails. */
  async note(pods: readonly Pod[], now = Date.now()): Promise<void> {
    for (const pod of pods) {
      const { nodeName } = pod.spec;
      if (nodeName === undefined) continue;
      const key = pod.metadata.uid || pod.metadata.name;
      const known = this.#pods.get(key);
      // An evicted pod reports no end time; it is taken from the first observation that saw it ended.
      if (known && hasEnded(known.pod)) continue;
      this.#pods.set(key, { pod, seenAt: now });
      if (this.#nodes.has(nodeName)) continue;
      this.#nodes.set(nodeName, undefined);
      const found: unknown = await this.node(nodeName).catch(() => undefined);
      this.#nodes.set(nodeName, nodeSchema.safeParse(found).data);
    }
  }

  /** One entry per node. A pod that still exists counts until it was last observed. */
  uses(): NodeUse[] {
    const uses = new Map<string, NodeUse>();
    for (const { pod, seenAt } of this.#pods.values()) {
      const { nodeName = "", nodeSelector } = pod.spec;
      const from = startOf(pod);
      const to = endOf(pod) ?? seenAt;
      if (from === undefined || to <= from) continue;
      const seconds = (to - from) / 1000;
      const { cores, bytes, gpus } = askOf(pod);
      const node = this.#nodes.get(nodeName);
      const known = uses.get(nodeName);
      const capacity = node && capacityOf(node);
      uses.set(nodeName, {
        node: nodeName,
        pool:
          node?.metadata.labels[poolLabel] ??
          nodeSelector[poolLabel] ??
          known?.pool ??
          "",
        startedAt: instant(
          Math.min(from, known ? Date.parse(known.startedAt) : from),
        ),
        finishedAt: instant(
          Math.max(to, known ? Date.parse(known.finishedAt) : to),
        ),
        coreSeconds: (known?.coreSeconds ?? 0) + cores * seconds,
        byteSeconds: (known?.byteSeconds ?? 0) + bytes * seconds,
        gpuSeconds: (known?.gpuSeconds ?? 0) + gpus * seconds,
        ...(capacity && { capacity }),
      });
    }
    return [...uses.values()];
  }
}

/** When its node took a pod. */
function startOf({ status }: Pod): number | undefined {
  return status.startTime == null ? undefined : Date.parse(status.startTime);
}

function hasEnded({ status }: Pod): boolean {
  return status.phase === "Succeeded" || status.phase === "Failed";
}

/** When the last container of a pod that has ended did so. */
function endOf(pod: Pod): number | undefined {
  const { status } = pod;
  if (!hasEnded(pod)) return undefined;
  const ends = status.containerStatuses.flatMap(({ state }) =>
    state.terminated?.finishedAt == null
      ? []
      : [Date.parse(state.terminated.finishedAt)],
  );
  return ends.length > 0 ? Math.max(...ends) : undefined;
}

function askOf({ spec }: Pod) {
  const sum = (resource: string) =>
    spec.containers.reduce(
      (all, { resources }) => all + amountOf(resources.requests[resource]),
      0,
    );
  return { cores: sum("cpu"), bytes: sum("memory"), gpus: sum(gpuResource) };
}

function capacityOf({ status: { capacity } }: Node) {
  return {
    cores: amountOf(capacity["cpu"]),
    bytes: amountOf(capacity["memory"]),
    gpus: amountOf(capacity[gpuResource]),
  };
}

/** A quantity that cannot be read is nothing: no job fails since its cost cannot be told. */
function amountOf(text = "0"): number {
  const read = quantity.safeParse(text).data;
  return read === undefined ? 0 : amount(read);
}

function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
