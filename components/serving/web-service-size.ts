import { z } from "zod";

import { quantity } from "../../infra/quantity";
import { gpuCount, replicasDemand } from "../pods/replica-size";

/** Size of a container that answers on a port. */
export const webServiceSizeSchema = z
  .strictObject({
    replicas: z
      .number()
      .int()
      .min(1)
      .max(100)
      .default(1)
      .describe("Number of replicas"),
    cpu: quantity.default("250m").describe("CPU of each replica"),
    memory: quantity
      .default("512Mi")
      .describe("Memory request and limit of each replica"),
    gpus: gpuCount("GPUs of each replica; the pool must have them"),
  })
  .prefault({});

/** Size of a container that answers on a port. */
export type WebServiceSize = z.output<typeof webServiceSizeSchema>;

/** Replicas while a new version takes the place of an old one: a new one runs beside the old ones until it is ready. */
export function replicasAtMost({ replicas }: WebServiceSize): number {
  return replicas + 1;
}

/** Total quota demand of the replicas. */
export function webServiceDemand(size: WebServiceSize) {
  return replicasDemand(size, replicasAtMost(size));
}
