import { BatchJob, submitBatchJob } from "../../components/jobs/batch-job";
import { BatchSchedule } from "../../components/jobs/batch-schedule";
import type { StepOf } from "../schema/step";
import { never, type Runner } from "./runner";

/** A container that runs to its end. */
export const job: Runner<StepOf<"job">> = (name, { step, ...args }, opts) => {
  const { command, size, user, retries } = step;
  const run = { ...args, command, size, user, retries };
  if (step.run !== "once") {
    const { schedule, timeZone } =
      step.run === "manual" ? { schedule: never, timeZone: "UTC" } : step.run;
    const suspended = step.run === "manual";
    new BatchSchedule(name, { ...run, schedule, timeZone, suspended }, opts);
    return undefined;
  }
  if (step.wait) return new BatchJob(name, run, opts).end;
  submitBatchJob(name, run, opts);
  return undefined;
};
