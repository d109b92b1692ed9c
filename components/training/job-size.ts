import { z } from "zod";

import { amount, quantity } from "../../infra/quantity";
import { gpuCount, replicasDemand } from "../pods/replica-size";

/** Size of a training in a stack's file: the first replica and its workers are of one size. */
export const trainingJobSizeSchema = z
  .strictObject({
    workers: z
      .number()
      .int()
      .min(0)
      .max(1000)
      .default(1)
      .describe("Replicas beside the first; 0 trains on one"),
    cpu: quantity.default("500m").describe("CPU of each replica"),
    memory: quantity.default("1Gi").describe("Memory of each replica"),
    gpus: gpuCount("GPUs of each replica; the pool must have them"),
  })
  .prefault({});

/** Size of a training. */
export type TrainingJobSize = z.output<typeof trainingJobSizeSchema>;

/** Schema of the size of /dev/shm of each replica; the default is Kubernetes' own. */
export const sharedMemorySchema = quantity
  .default("64Mi")
  .describe("Size of /dev/shm, which counts as memory of the replica");

/** Total quota demand of a training's replicas. */
export function trainingDemand(size: TrainingJobSize) {
  return replicasDemand(size, size.workers + 1);
}

/** Threads of one replica: its cores, and one at least. */
export function threads({ cpu }: Pick<TrainingJobSize, "cpu">): number {
  return Math.max(1, Math.floor(amount(cpu)));
}
