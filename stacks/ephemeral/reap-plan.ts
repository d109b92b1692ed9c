/** A stack, and when its life ends as far as that is known. */
export interface StackLife {
  readonly name: string;
  /** ISO instant; undefined for a stack without an end. */
  readonly expiry: string | undefined;
}

/** What the reaper does about a stack, and why. */
export interface Verdict {
  readonly name: string;
  readonly verdict: "keep" | "reap" | "unreadable";
  readonly reason: string;
}

/** Judges each stack by its expiry. */
export function reapPlan(stacks: readonly StackLife[], now: Date): Verdict[] {
  return stacks.map(({ name, expiry }) => {
    if (expiry === undefined) {
      return { name, verdict: "keep", reason: "has no expiry" };
    }
    const end = Date.parse(expiry);
    if (Number.isNaN(end)) {
      const reason = `expiry: ${JSON.stringify(expiry)}: write an ISO instant in UTC`;
      return { name, verdict: "unreadable", reason };
    }
    const [verdict, verb] =
      end <= now.getTime()
        ? (["reap", "expired"] as const)
        : (["keep", "expires"] as const);
    return { name, verdict, reason: `${verb} ${expiry}` };
  });
}
