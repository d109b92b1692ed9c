import type { Report } from "./report";
import type { EndingStep } from "../schema/step";

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

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
