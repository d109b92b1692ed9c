/** A stack, and when its life ends as far as that is known. */
export interface StackLife {
  readonly name: string;
  /** ISO instant; undefined for a stack without an end. */
  readonly expiry: string | undefined;
  /** Lifetime by the stack's own outputs: `short` or `long`; `unused` for a stack that was never up. */
  readonly lifetime: string | undefined;
}

/** A stack of which the back end does not tell, and why. */
export interface UnreadableStack {
  readonly name: string;
  readonly problem: string;
}

/** Decision of the reaper on a stack, with its reason. */
export interface Verdict {
  readonly name: string;
  readonly verdict: "keep" | "reap" | "unreadable";
  readonly reason: string;
}

/**
 * Judges each stack by its expiry. Whoever may write to a back end may set a tag: only a stack that itself says that it
 * is short-lived is ever taken down, and one that has nothing in it.
 */
export function reapPlan(
  stacks: readonly (StackLife | UnreadableStack)[],
  now: Date,
): Verdict[] {
  return stacks.map((stack) => {
    const { name } = stack;
    if ("problem" in stack) {
      const reason = `cannot be read: ${stack.problem}`;
      return { name, verdict: "unreadable", reason };
    }
    const { expiry, lifetime } = stack;
    if (expiry === undefined) {
      return { name, verdict: "keep", reason: "has no expiry" };
    }
    const end = Date.parse(expiry);
    if (Number.isNaN(end)) {
      const reason = `expiry: ${JSON.stringify(expiry)}: write an ISO instant in UTC`;
      return { name, verdict: "unreadable", reason };
    }
    if (end > now.getTime()) {
      return { name, verdict: "keep", reason: `expires ${expiry}` };
    }
    const reason = `expired ${expiry}`;
    return lifetime === "short" || lifetime === "unused"
      ? { name, verdict: "reap", reason }
      : { name, verdict: "keep", reason: `${reason}, but is not short-lived` };
  });
}
