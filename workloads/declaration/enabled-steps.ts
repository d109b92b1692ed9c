import type { Step } from "../schema/step";
import { neededBy } from "./step-values";

/** Names of the steps that a stack has: those that are enabled, and those that are needed by one that it has. */
export function enabledSteps(
  steps: Readonly<Record<string, Step>>,
): ReadonlySet<string> {
  const enabled = new Set<string>();
  const add = (name: string) => {
    if (enabled.has(name)) return;
    enabled.add(name);
    for (const other of neededBy(steps[name] as Step))
      if (steps[other]?.enabled === "needed") add(other);
  };
  for (const [name, step] of Object.entries(steps))
    if (step.enabled === true) add(name);
  return enabled;
}

/** The steps of a stack that a step comes after; in the place of one that it does not have, what that one comes after. */
export function enabledBefore(
  name: string,
  steps: Readonly<Record<string, Step>>,
  enabled: ReadonlySet<string>,
): readonly string[] {
  const seen = new Set([name]);
  const before = (step: Step): string[] =>
    [...step.after, ...neededBy(step)].flatMap((other) => {
      if (seen.has(other)) return [];
      const earlier = steps[other];
      if (earlier === undefined || enabled.has(other)) return [other];
      seen.add(other);
      return before(earlier);
    });
  const step = steps[name];
  return step === undefined ? [] : [...new Set(before(step))];
}
