import { setTimeout as pause } from "node:timers/promises";

import { z } from "zod";

import { teamLabel } from "../team-label";
import { quoted } from "./shell";
import type { Remote } from "./ssh";
import { untilAnswered, type Work } from "./work";

/** Seconds that something may take. */
export interface DrainPatience {
  /** For pods to be evicted, as their disruption budgets let them; 300 unless given. */
  readonly eviction?: number;
  /** For a team's pods to end that are deleted in spite of their budgets; 30 unless given. */
  readonly ending?: number;
}

const text = z.record(z.string(), z.string()).nullish();
const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        namespace: z.string(),
        uid: z.string(),
        labels: text,
        annotations: text,
        ownerReferences: z
          .array(
            z.object({ kind: z.string(), controller: z.boolean().optional() }),
          )
          .nullish(),
      }),
      status: z.object({ phase: z.string().optional() }).prefault({}),
    }),
  ),
});
type Pod = z.output<typeof podsSchema>["items"][number];

const budgetsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      spec: z.object({
        selector: z
          .object({
            matchLabels: text,
            matchExpressions: z
              .array(
                z.object({
                  key: z.string(),
                  operator: z.string(),
                  values: z.array(z.string()).nullish(),
                }),
              )
              .nullish(),
          })
          .nullish(),
      }),
    }),
  ),
});
type Budget = z.output<typeof budgetsSchema>["items"][number];

/**
 * Moves the pods of a node elsewhere. A member of a team can keep a pod where it is, by a disruption budget, a finalizer,
 * a long time to end, or by making it without a controller; so pods of teams are deleted in the end, and are not waited
 * for without bound. Those of others are left where they are.
 *
 * @param api where `kubectl` runs
 * @param kubectl the call without its verb
 * @throws {Error} naming the pods of others that stay, and the budgets that keep them
 */
export async function drainNode(
  api: Pick<Remote, "run">,
  kubectl: string,
  node: string,
  { signal, log }: Pick<Work, "signal" | "log">,
  { eviction = 300, ending = 30 }: DrainPatience = {},
): Promise<void> {
  const read = async <T>(schema: z.ZodType<T>, what: string): Promise<T> =>
    schema.parse(
      JSON.parse(
        await api.run(untilAnswered(`${kubectl} get ${what} -o json`), {
          signal,
        }),
      ),
    );
  const podsThere = async () => {
    const { items } = await read(
      podsSchema,
      `pods --all-namespaces --field-selector=spec.nodeName=${quoted(node)}`,
    );
    return items.filter(isToGo);
  };
  const names = await api.run(
    untilAnswered(
      `${kubectl} get namespaces --selector=${teamLabel} -o 'jsonpath={.items[*].metadata.name}'`,
    ),
    { signal },
  );
  const teams = new Set(names.trim().split(/\s+/));
  const isOfTeam = ({ metadata }: Pod) => teams.has(metadata.namespace);

  const alone = (await podsThere()).filter(hasNoController);
  const isOthers = alone.some((pod) => !isOfTeam(pod));
  // kubectl drains no node with a pod that no controller makes again, unless it is told to.
  const force = alone.length > 0 && !isOthers;
  if (force)
    log(
      `${node}: nothing makes ${listOf(alone)} again elsewhere, since no controller has them`,
    );
  try {
    await api.run(
      `${kubectl} drain ${quoted(node)} --ignore-daemonsets --delete-emptydir-data --timeout=${eviction}s${force ? " --force" : ""}`,
      { signal },
    );
    return;
  } catch (error) {
    signal.throwIfAborted();
    const left = await podsThere();
    // In kubectl's own words where it has not begun.
    if (left.length === 0 || isOthers) throw error;
    const { items: budgets } = await read(
      budgetsSchema,
      "poddisruptionbudgets --all-namespaces",
    );
    const others = left.filter((pod) => !isOfTeam(pod));
    if (others.length > 0)
      throw new Error(
        `${node}: not drained within ${eviction} s: ${others.map((pod) => withBudgets(pod, budgets)).join("; ")}`,
        { cause: error },
      );
    for (const pod of left)
      log(
        `${node}: not drained within ${eviction} s: ${withBudgets(pod, budgets)}; as it is a team's, it is deleted`,
      );
    await end(left);
  }

  async function end(pods: readonly Pod[]): Promise<void> {
    for (const { metadata } of pods)
      await api.run(
        `${kubectl} delete pod ${quoted(metadata.name)} --namespace=${quoted(metadata.namespace)} --grace-period=${ending} --wait=false --ignore-not-found`,
        { signal },
      );
    const uids = new Set(pods.map(({ metadata }) => metadata.uid));
    for (const last = Date.now() + 2 * ending * 1000; ; await pause(1_000)) {
      signal.throwIfAborted();
      const there = (await podsThere()).filter(({ metadata }) =>
        uids.has(metadata.uid),
      );
      if (there.length === 0) return;
      if (Date.now() < last) continue;
      // A finalizer can keep a pod whose containers have ended.
      log(`${node}: goes on although ${listOf(there)} is still there`);
      return;
    }
  }
}

/** Whether a drain is to move a pod: neither one that has ended, nor of a DaemonSet, nor the kubelet's own. */
function isToGo({ metadata, status }: Pod): boolean {
  return (
    !["Succeeded", "Failed"].includes(status.phase ?? "") &&
    !("kubernetes.io/config.mirror" in (metadata.annotations ?? {})) &&
    !metadata.ownerReferences?.some(
      ({ kind, controller }) => kind === "DaemonSet" && controller,
    )
  );
}

function hasNoController({ metadata }: Pod): boolean {
  return !metadata.ownerReferences?.some(({ controller }) => controller);
}

function listOf(pods: readonly Pod[]): string {
  return pods.map(nameOf).join(", ");
}

function nameOf({
  metadata,
}: {
  readonly metadata: { readonly namespace: string; readonly name: string };
}): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** A pod, and the disruption budgets that select it. */
function withBudgets(pod: Pod, budgets: readonly Budget[]): string {
  const own = budgets.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.metadata.namespace &&
      selects(spec.selector, pod.metadata.labels ?? {}),
  );
  if (own.length === 0)
    return `pod ${nameOf(pod)} is still there, and no disruption budget keeps it`;
  return `pod ${nameOf(pod)} is kept by the disruption budget ${own.map(nameOf).join(" and ")}`;
}

function selects(
  selector: Budget["spec"]["selector"],
  labels: Readonly<Record<string, string>>,
): boolean {
  if (!selector) return false;
  return (
    Object.entries(selector.matchLabels ?? {}).every(
      ([label, value]) => labels[label] === value,
    ) &&
    (selector.matchExpressions ?? []).every(({ key, operator, values }) => {
      const isAmong = key in labels && values?.includes(labels[key] ?? "");
      switch (operator) {
        case "In":
          return isAmong === true;
        case "NotIn":
          return isAmong !== true;
        case "Exists":
          return key in labels;
        default:
          return !(key in labels);
      }
    })
  );
}
