import { z } from "zod";

import { quantity } from "../../infra/quantity";
import { gpuCount } from "../pods/replica-size";

/** Size of a container that runs to its end. */
export const batchJobSizeSchema = z
  .strictObject({
    cpu: quantity.default("500m").describe("CPU"),
    memory: quantity.default("1Gi").describe("Memory request and limit"),
    gpus: gpuCount("GPUs; the pool must have them"),
  })
  .prefault({});

/** Size of a container that runs to its end. */
export type BatchJobSize = z.output<typeof batchJobSizeSchema>;
