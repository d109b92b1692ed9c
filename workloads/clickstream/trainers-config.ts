import { z } from "zod";

import { amount } from "../../infra/quantity";
import { sparkJobSizeSchema } from "../../components/spark-job-size";
import type { TeamQuota } from "../../components/team";
import {
  trainingDemand,
  trainingJobSizeSchema,
} from "../../components/training-job-size";
import type { NodePool } from "../../infra/platform";
import type { Problem } from "../../infra/problem";

const trainerSchema = z.strictObject({
  pool: z
    .string()
    .optional()
    .describe("Pool of the replicas; the workload's own unless given"),
  size: trainingJobSizeSchema.describe("How large the training is"),
  cuda: z
    .boolean()
    .default(false)
    .describe(
      "Whether the image can compute on GPUs; without, it is a fifth of the size, and ignores one that it is given",
    ),
  epochs: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe(
      "Passes over the rows, or trees; the trainer's own number unless given",
    ),
});

/** Trainings beside Spark's, each on several machines; one that is not named does not run. */
export const trainersSchema = z
  .strictObject({
    pytorch: trainerSchema.optional().describe("Trains with PyTorch"),
    tensorflow: trainerSchema.optional().describe("Trains with TensorFlow"),
    xgboost: trainerSchema.optional().describe("Trains with XGBoost"),
    export: sparkJobSizeSchema.describe(
      "Size of the Spark job that exports the feature table for them",
    ),
  })
  .prefault({});

/** Frameworks that can train beside Spark, in the order in which they run. */
export const trainerFrameworks = ["xgboost", "pytorch", "tensorflow"] as const;

/** Which trainings run, and how large they are. */
export type TrainersConfig = z.output<typeof trainersSchema>;

/** One training. */
export type TrainerConfig = z.output<typeof trainerSchema>;

/** The trainings that are named, in the order in which they run. */
export function namedTrainers(trainers: TrainersConfig) {
  return trainerFrameworks.flatMap((framework) => {
    const trainer = trainers[framework];
    return trainer === undefined ? [] : [{ framework, trainer }];
  });
}

/** Trainings that do not fit: no such pool, fewer GPUs in it than a replica asks for, more than the team may have. */
export function checkTrainers(
  path: string,
  workload: { readonly pool: string; readonly trainers: TrainersConfig },
  quota: TeamQuota | undefined,
  pools: readonly NodePool[],
): readonly Problem[] {
  return namedTrainers(workload.trainers).flatMap(({ framework, trainer }) => {
    const at = `${path}.trainers.${framework}`;
    return [
      ...checkPool(at, trainer, trainer.pool ?? workload.pool, pools),
      ...(quota === undefined ? [] : checkDemand(at, trainer, quota)),
    ];
  });
}

function checkPool(
  path: string,
  { size }: TrainerConfig,
  name: string,
  pools: readonly NodePool[],
): Problem[] {
  const pool = pools.find((candidate) => candidate.name === name);
  if (pool === undefined) {
    const choices = pools.map((candidate) => candidate.name).join(", ");
    return [
      { path: `${path}.pool`, value: name, remedy: `choose one of ${choices}` },
    ];
  }
  const has = pool.gpu?.count ?? 0;
  if (size.gpus <= has) return [];
  const remedy = `a node of pool ${name} has ${has}; write that or less, or choose another pool`;
  return [{ path: `${path}.size.gpus`, value: size.gpus, remedy }];
}

function checkDemand(
  path: string,
  { size }: TrainerConfig,
  quota: TeamQuota,
): Problem[] {
  const demand = trainingDemand(size);
  const fit = (most: string) =>
    `fit ${size.workers + 1} replicas into the team's ${most}, or raise its quota`;
  const problems: Problem[] = [];
  const add = (value: string, most: string) =>
    problems.push({ path: `${path}.size`, value, remedy: fit(most) });
  if (demand.cores > amount(quota.cpu)) {
    add(`${demand.cores} cores`, `${quota.cpu} cores`);
  }
  if (demand.bytes > amount(quota.memory)) {
    const mebibytes = (demand.bytes / 2 ** 30).toFixed(1);
    add(`${mebibytes}Gi of memory`, quota.memory);
  }
  if (demand.gpus > quota.gpus) {
    add(`${demand.gpus} GPUs`, `${quota.gpus} GPUs`);
  }
  return problems;
}
