import { z } from "zod";

import { poolLabel } from "../pools/placement";

const terminatedSchema = z.object({
  exitCode: z.number(),
  reason: z.string().optional(),
  message: z.string().optional(),
  startedAt: z.string().nullish(),
  finishedAt: z.string().nullish(),
});

const containerStatusSchema = z.object({
  name: z.string(),
  state: z
    .object({
      running: z.object({ startedAt: z.string().nullish() }).optional(),
      terminated: terminatedSchema.optional(),
      waiting: z
        .object({
          reason: z.string().optional(),
          message: z.string().optional(),
        })
        .optional(),
    })
    .prefault({}),
});

/** A condition, as pods and jobs have them. */
export const conditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
});

/** Fields of a pod that are read. */
export const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string().prefault(""),
    creationTimestamp: z.string().prefault(""),
    labels: z.record(z.string(), z.string()).prefault({}),
  }),
  spec: z
    .object({
      nodeName: z.string().optional(),
      nodeSelector: z.record(z.string(), z.string()).prefault({}),
      containers: z
        .array(
          z.object({
            resources: z
              .object({
                requests: z.record(z.string(), z.string()).prefault({}),
              })
              .prefault({}),
          }),
        )
        .prefault([]),
    })
    .prefault({}),
  status: z
    .object({
      phase: z.string().optional(),
      startTime: z.string().nullish(),
      containerStatuses: z.array(containerStatusSchema).prefault([]),
      conditions: z.array(conditionSchema).prefault([]),
    })
    .prefault({}),
});

/** A pod of a job. */
export type Pod = z.output<typeof podSchema>;

/** The pod that was made last. The API lists pods by name, and an attempt's name is random; instants to the second are in order as text. */
export function newest(pods: readonly Pod[]): Pod | undefined {
  return [...pods]
    .sort((one, other) =>
      one.metadata.creationTimestamp < other.metadata.creationTimestamp
        ? 1
        : -1,
    )
    .at(0);
}

/** When a pod's first container began to run. */
export function containerStart(pod: Pod): string | undefined {
  const state = pod.status.containerStatuses[0]?.state;
  return state?.running?.startedAt ?? state?.terminated?.startedAt ?? undefined;
}

/** Result of a job: the JSON object that its main pod wrote as termination message. */
export function resultOf(pod: Pod | undefined): object {
  const messages = (pod?.status.containerStatuses ?? []).flatMap(
    ({ state }) => state.terminated?.message ?? [],
  );
  for (const message of messages) {
    try {
      const parsed: unknown = JSON.parse(message);
      if (typeof parsed === "object" && parsed !== null) return parsed;
    } catch {
      // A message for people, such as the last lines of the log.
    }
  }
  return {};
}

/** Reason why a pod is not running yet. */
export function waitingFor(pod: Pod): string | undefined {
  if (pod.status.phase !== "Pending") return undefined;
  const unscheduled = pod.status.conditions.find(
    ({ type, status }) => type === "PodScheduled" && status === "False",
  );
  if (unscheduled) return noRoom(pod, unscheduled.message ?? "");
  const waiting = pod.status.containerStatuses.flatMap(
    ({ state }) => state.waiting ?? [],
  )[0];
  const { reason, message } = waiting ?? {};
  if (reason === "ContainerCreating" || reason === undefined) return undefined;
  return [reason, message].filter(Boolean).join(": ");
}

/**
 * The resources a pod requests that no node has free, followed by the scheduler's message, such as `0/2 nodes are
 * available: 1 Insufficient nvidia.com/gpu, … . preemption: …`, without its part on preemption.
 */
function noRoom({ spec }: Pod, message: string): string {
  const lacking = [...message.matchAll(/Insufficient ([\w./-]*\w)/g)];
  const asked = [...new Set(lacking.map(([, resource = ""]) => resource))].map(
    (resource) => {
      const amounts = spec.containers.flatMap(
        ({ resources }) => resources.requests[resource] ?? [],
      );
      return [resource, amounts.join(" + ")].filter(Boolean).join(": ");
    },
  );
  const pool = spec.nodeSelector[poolLabel];
  const what = asked.length > 0 ? asked.join(", ") : "a node that fits";
  const where = pool === undefined ? "" : ` on pool ${pool}`;
  const [words = ""] = message.split(/\.(?:\s|$)/);
  return `waits for ${what}${where}${words === "" ? "" : `: ${words}`}`;
}

/** One line on where a job stands; without its age, which the engine shows beside it. */
export function progress(state: string, pods: readonly Pod[]): string {
  const phases = new Map<string, number>();
  for (const { status } of pods) {
    const phase = (status.phase ?? "Pending").toLowerCase();
    phases.set(phase, (phases.get(phase) ?? 0) + 1);
  }
  const counts = [...phases].map(([phase, count]) => `${count} ${phase}`);
  const reasons = [...new Set(pods.flatMap((pod) => waitingFor(pod) ?? []))];
  return [
    state,
    ...(counts.length > 0 ? [`pods: ${counts.join(", ")}`] : []),
    ...reasons,
  ].join("; ");
}
