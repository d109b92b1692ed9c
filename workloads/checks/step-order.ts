import type { DeclaredStep } from "../declaration/declared-workload";
import type { Report } from "./report";

/**
 * The steps, each after those that it needs.
 *
 * @returns nothing where steps wait for each other, which is reported with the path of one of them
 */
export function inOrder(
  steps: readonly DeclaredStep[],
  report: Report,
): DeclaredStep[] | undefined {
  const done: DeclaredStep[] = [];
  let left = [...steps];
  const awaits = (step: string) => left.some(({ name }) => name === step);
  while (left.length > 0) {
    const ready = left.filter(
      ({ after, sparkJobs }) => ![...after, ...sparkJobs].some(awaits),
    );
    if (ready.length === 0) {
      const [first] = left;
      report(
        ["steps", first?.name ?? "", "after"],
        left.map(({ name }) => name),
        "these steps wait for each other; let one of them go first",
      );
      return undefined;
    }
    done.push(...ready);
    left = left.filter((step) => !ready.includes(step));
  }
  return done;
}
