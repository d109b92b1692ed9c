import { isRefusedSetting } from "../components/admission/spark-applications";
import type { Report } from "./check-image";
import type { EndingStep, StepOf } from "./schema/step";

/** Keys of a step with an end that contradict each other, and a time zone that is none. */
export function checkRerun(
  { rerun, revision, run }: EndingStep,
  report: Report,
): void {
  if (rerun === "revision" && revision === undefined)
    report(
      ["revision"],
      undefined,
      "set a text; another one runs the step again",
    );
  if (rerun === "changed" && revision !== undefined)
    report(
      ["revision"],
      revision,
      "it counts with rerun: revision alone; write that, or leave it out",
    );
  if (typeof run === "object" && !isTimeZone(run.timeZone))
    report(
      ["run", "timeZone"],
      run.timeZone,
      "no such time zone; write one such as UTC or Europe/Berlin",
    );
}

/** Settings of a Spark job that the cluster refuses, and executors that contradict each other. */
export function checkSpark(
  { conf, size: { executor } }: StepOf<"spark">,
  report: Report,
): void {
  for (const key of Object.keys(conf)) {
    if (isRefusedSetting(key))
      report(
        ["conf", key],
        key,
        "the cluster does not admit this setting in a team's job; leave it out",
      );
  }
  if (executor === "none" || executor.max === undefined) return;
  if (executor.max < executor.instances)
    report(
      ["size", "executor", "max"],
      executor.max,
      `it has ${executor.instances} at least; write more, or leave it out`,
    );
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
