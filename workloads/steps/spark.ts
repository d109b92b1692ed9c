import { SparkJob, submitSparkJob } from "../../components/spark/job";
import { sparkConfFor } from "../../components/spark/conf";
import { onFailureUpTo } from "../../components/spark/run";
import { SparkSchedule } from "../../components/spark/schedule";
import { codeFolder } from "../images/own-image";
import type { StepOf } from "../schema/step";
import { never, type RunnableStep, type Runner } from "./runner";

/** Arguments of the SparkApplication for a step. */
export function sparkRunOf({
  sparkOperator,
  step,
  timeoutSeconds,
  ...args
}: RunnableStep<StepOf<"spark">>) {
  const { image } = step;
  const code = "base" in image ? `${codeFolder}/` : "";
  const ofPlatform =
    !("ref" in image) && ("base" in image || image.spark === true);
  const executors = args.executorPool ?? args.pool;
  return {
    ...args,
    operator: sparkOperator,
    file: `${code}${step.main}`,
    size: step.size,
    baseConf: sparkConfFor(step.size, {
      hudi: ofPlatform,
      spot: step.size.executor !== "none" && executors.spot,
    }),
    conf: step.conf,
    restartPolicy: onFailureUpTo(step.retries),
    deadlineSeconds: timeoutSeconds,
  };
}

/** A PySpark job, through the Spark operator. */
export const spark: Runner<StepOf<"spark">> = (name, runnable, opts) => {
  const { step, timeoutSeconds } = runnable;
  const run = sparkRunOf(runnable);
  if (step.run !== "once") {
    const { schedule, timeZone } =
      step.run === "manual" ? { schedule: never, timeZone: "UTC" } : step.run;
    const suspended = step.run === "manual";
    new SparkSchedule(name, { ...run, schedule, timeZone, suspended }, opts);
    return undefined;
  }
  // Kubernetes' own deadline comes first, so that the job is ended and not only given up.
  const job = { ...run, timeoutSeconds: timeoutSeconds + 60 };
  if (step.wait) return new SparkJob(name, job, opts).end;
  submitSparkJob(name, job, opts);
  return undefined;
};
