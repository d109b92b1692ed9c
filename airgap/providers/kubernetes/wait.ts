import type { Log } from "../plugin/serve";
import { listAt, propertiesAt, textAt, type Properties } from "../plugin/value";
import type { Cluster } from "./cluster";
import { parseWaitFor } from "./jsonpath";
import type { GroupVersionKind } from "./naming";
import { nextChange } from "./next-change";
import { annotation } from "./object";
import { judgeOf, type Judge, type Verdict } from "./readiness";
import { read, RelatedObjects } from "./related-objects";
import { showWarnings } from "./warnings";

/** The object is there, but not what it should be. */
export class NotReady extends Error {
  constructor(
    message: string,
    readonly object: Properties,
    readonly reasons: readonly string[],
  ) {
    super(message);
  }
}

/** What a wait needs to know. */
export interface Waiting {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly urn: string;
  readonly kind: GroupVersionKind;
  /** Of the resource's options, in seconds; 0 where they say nothing. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

const defaultTimeout = 600;

/** Waits until an object is ready, and returns what it has become. */
export async function untilReady(
  waiting: Waiting,
  inputs: Properties,
  object: Properties,
  former?: Properties,
): Promise<Properties> {
  if (annotation(inputs, "skipAwait") === "true") return object;
  const waitFor = annotation(object, "waitFor");
  const judge = waitFor ? expecting(waitFor) : judgeOf(waiting.kind);
  if (!judge) return object;
  const name = textAt(object, "metadata", "name") ?? "";
  const generation = object;
  let last = object;
  let verdict: Verdict = { ready: false, reasons: [] };
  const related = new RelatedObjects(
    waiting.cluster,
    textAt(object, "metadata", "namespace"),
  );
  const shown = new Set<string>();
  const visit = async (live: Properties | undefined): Promise<Answer> => {
    if (!live) return false;
    last = live;
    if (isOlder(live, generation)) return false;
    verdict = await judge(live, related, former);
    if (verdict.ready) return verdict.settle ?? true;
    if (verdict.progress)
      waiting.log.status("info", verdict.progress, waiting.urn);
    for (const reason of verdict.reasons.filter((r) => r.startsWith("["))) {
      if (shown.has(reason)) continue;
      shown.add(reason);
      waiting.log.status("warning", reason, waiting.urn);
    }
    return verdict.hopeless ? "hopeless" : false;
  };
  const outcome = await follow(waiting, inputs, object, visit, related);
  switch (outcome) {
    case "done":
      waiting.log.status("info", "", waiting.urn);
      return last;
    case "hopeless":
      throw new NotReady(
        `Resource '${name}' was created but failed to initialize`,
        last,
        // What was seen on the way says more than the end alone.
        [...new Set([...shown, ...verdict.reasons])],
      );
    case "cancelled":
      throw new NotReady(
        `Resource operation was cancelled for "${name}"`,
        last,
        verdict.reasons,
      );
    case "late":
      // A service is as ready as it gets when all that misses is time to settle.
      if (verdict.ready) return last;
      throw new NotReady(
        waitFor
          ? "timed out waiting for the condition"
          : `'${name}' timed out waiting to be Ready`,
        last,
        verdict.reasons,
      );
    default:
      return outcome satisfies never;
  }
}

/** Judges an object as it is now, for a refresh. */
export async function checkReady(
  waiting: Waiting,
  inputs: Properties,
  object: Properties,
): Promise<void> {
  if (annotation(inputs, "skipAwait") === "true") return;
  const judge = judgeOf(waiting.kind, "read");
  if (!judge) return;
  const related = new RelatedObjects(
    waiting.cluster,
    textAt(object, "metadata", "namespace"),
  );
  const verdict = await judge(object, related);
  if (verdict.ready) return;
  throw new NotReady(
    `Resource '${textAt(object, "metadata", "name")}' was created but failed to initialize`,
    object,
    verdict.reasons,
  );
}

/** Waits until an object is gone, or another one has taken its name. */
export async function untilGone(
  waiting: Waiting,
  inputs: Properties,
  object: Properties,
): Promise<void> {
  const uid = textAt(object, "metadata", "uid");
  const name = textAt(object, "metadata", "name") ?? "";
  let last = object;
  const outcome = await follow(waiting, inputs, object, (live) => {
    if (!live) return Promise.resolve(true);
    last = live;
    const current = textAt(live, "metadata", "uid");
    return Promise.resolve(uid !== undefined && current !== uid);
  });
  if (outcome === "done") return;
  throw new NotReady(
    outcome === "cancelled"
      ? `Resource operation was cancelled for "${name}"`
      : "timed out waiting for the condition",
    last,
    finalizersOf(last),
  );
}

function finalizersOf(object: Properties): string[] {
  const finalizers = listAt(object, "metadata", "finalizers");
  return finalizers.length > 0
    ? [`finalizers are left: ${finalizers.join(", ")}`]
    : [];
}

function expecting(waitFor: string): Judge {
  const expectations = parseWaitFor(waitFor);
  return (object) => {
    const seen = propertiesAt(object, "status").observedGeneration;
    const generation = propertiesAt(object, "metadata").generation;
    const missing = expectations.filter(({ met }) => !met(object));
    const stale =
      typeof seen === "number" &&
      typeof generation === "number" &&
      seen < generation;
    return {
      ready: missing.length === 0 && !stale,
      reasons: [],
      progress: `Waiting for ${(missing[0] ?? expectations[0])?.description}`,
    };
  };
}

/** A watch may begin with an event from before the change that is waited for. */
function isOlder(live: Properties, than: Properties): boolean {
  const [a, b] = [live, than].map(
    (o) => propertiesAt(o, "metadata").generation,
  );
  return typeof a === "number" && typeof b === "number" && a < b;
}

/** What the visitor says: go on, done, done if it stays so for some time, or give up. */
type Answer = boolean | number | "hopeless";

/**
 * Shows an object to a visitor each time it changes, and every few seconds, as
 * what belongs to it may change alone.
 */
async function follow(
  waiting: Waiting,
  inputs: Properties,
  object: Properties,
  visit: (live: Properties | undefined) => Promise<Answer>,
  related?: RelatedObjects,
): Promise<"done" | "hopeless" | "cancelled" | "late"> {
  const { cluster, kind, signal } = waiting;
  const name = textAt(object, "metadata", "name") ?? "";
  const namespace = textAt(object, "metadata", "namespace");
  const seconds =
    waiting.timeout ||
    Number(annotation(inputs, "timeoutSeconds")) ||
    defaultTimeout;
  const deadline = Date.now() + seconds * 1000;
  const events = showWarnings(waiting, object);
  let readySince: number | undefined;
  try {
    for (;;) {
      const live = await read(cluster, kind, namespace, name);
      const answer = await visit(live);
      if (answer === true) return "done";
      if (answer === "hopeless") return "hopeless";
      let pause = 2_000;
      if (typeof answer === "number") {
        readySince ??= Date.now();
        const left = readySince + answer - Date.now();
        if (left <= 0) return "done";
        pause = Math.min(pause, left);
      } else {
        readySince = undefined;
      }
      if (signal.aborted) return "cancelled";
      const left = deadline - Date.now();
      if (left <= 0) return "late";
      await nextChange(
        waiting,
        namespace,
        name,
        live,
        Math.min(pause, left),
        related,
      );
    }
  } finally {
    events.stop();
  }
}
