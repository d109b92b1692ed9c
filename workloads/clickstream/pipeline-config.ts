import { z } from "zod";

import { amount, quantity } from "../../infra/quantity";
import { jobDemand, sparkJobSizeSchema } from "../../components/spark-job-size";
import type { TeamQuota } from "../../components/team";
import type { Problem } from "../../infra/problem";

/** The training as a pipeline, from the feature store to a registered model. */
export const pipelineSchema = z.strictObject({
  threshold: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe(
      "Least AUC on the held-out sessions that a model is registered with; below it, the run fails",
    ),
  instant: z
    .string()
    .regex(/^\d{17}$/, "write an instant of the table as text, 17 digits")
    .optional()
    .describe(
      "Commit of the feature table to train on; the one that this stack's features ended with unless given",
    ),
  schedule: z
    .string()
    .regex(/^\S+( \S+){4}$/, "write a cron line of five fields")
    .optional()
    .describe(
      "When Kubeflow Pipelines runs it again on the latest commit; not at all unless given",
    ),
  training: sparkJobSizeSchema.describe("Size of the training"),
  cpu: quantity
    .default("250m")
    .describe("CPU of the pod that runs the other steps"),
  memory: quantity
    .default("1Gi")
    .describe("Memory of the pod that runs the other steps"),
});

/** Configuration of the pipeline. */
export type PipelineConfig = z.output<typeof pipelineSchema>;

/** What does not fit: the pod and the training that it follows run at the same time; only Kubeflow keeps a schedule. */
export function checkPipeline(
  path: string,
  pipeline: PipelineConfig | undefined,
  quota: TeamQuota | undefined,
  kubeflow: { readonly pipelines: boolean },
): readonly Problem[] {
  if (pipeline === undefined) return [];
  const problems: Problem[] = [];
  if (pipeline.schedule !== undefined && !kubeflow.pipelines) {
    problems.push({
      path: `${path}.schedule`,
      value: pipeline.schedule,
      remedy: "set kubeflow.pipelines to true, or leave the schedule out",
    });
  }
  if (quota === undefined) return problems;
  const training = jobDemand(pipeline.training);
  const cores = training.cores + amount(pipeline.cpu);
  const bytes = training.bytes + amount(pipeline.memory);
  const fit = (most: string) =>
    `fit the steps' pod and the training into the team's ${most}, or raise its quota`;
  if (cores > amount(quota.cpu)) {
    const remedy = fit(`${quota.cpu} cores`);
    problems.push({ path, value: `${cores} cores`, remedy });
  }
  if (bytes > amount(quota.memory)) {
    const value = `${(bytes / 2 ** 30).toFixed(1)}Gi of memory`;
    problems.push({ path, value, remedy: fit(quota.memory) });
  }
  return problems;
}
