import { z } from "zod";

import {
  amount,
  jvmMebibytes,
  jvmMemory,
  quantity,
} from "../../infra/quantity";

const jvmSizeSchema = z.strictObject({
  cores: z
    .number()
    .int()
    .min(1)
    .default(2)
    .describe("Tasks that the JVM runs at once"),
  cpuRequest: quantity
    .default("500m")
    .describe("CPU request; less than `cores` lets JVMs share a small node"),
  memory: jvmMemory.default("1g").describe("Heap"),
});

/** Size of a Spark job in a stack's file: one driver, and executors of one size. */
export const sparkJobSizeSchema = z
  .strictObject({
    driver: jvmSizeSchema.prefault({}).describe("The driver"),
    executor: z
      .union([
        z.literal("none"),
        jvmSizeSchema.extend({
          instances: z
            .number()
            .int()
            .min(1)
            .max(1000)
            .default(1)
            .describe("Number of executors; with `max`, the minimum"),
          max: z
            .number()
            .int()
            .min(1)
            .max(1000)
            .optional()
            .describe(
              "Maximum number of executors: Spark requests more while tasks wait, and releases idle ones; without it, always `instances`",
            ),
        }),
      ])
      .default("none")
      .describe(
        "The executors. A job that fits one node needs none: its tasks run in the driver, which saves the start of a pod and a JVM",
      ),
  })
  .prefault({});

/** Size of one JVM of a job. */
export type JvmSize = z.output<typeof jvmSizeSchema>;

/** Size of a job. */
export type SparkJobSize = z.output<typeof sparkJobSizeSchema>;

/** Maximum number of a job's executors; 0 where its tasks run in the driver. */
export function executorCount({ executor }: SparkJobSize): number {
  if (executor === "none") return 0;
  return Math.max(executor.instances, executor.max ?? 0);
}

/**
 * Memory beside the heap, for Python workers and native buffers, in MiB: two fifths of the heap and
 * at least 384, as Spark's own `spark.kubernetes.memoryOverheadFactor` for Python says.
 */
export function overheadMebibytes({ memory }: Pick<JvmSize, "memory">): number {
  return Math.max(384, Math.ceil(jvmMebibytes(memory) * 0.4));
}

/** Memory that one pod of a job asks for. */
export function jvmBytes(jvm: Pick<JvmSize, "memory">): number {
  return (jvmMebibytes(jvm.memory) + overheadMebibytes(jvm)) * 2 ** 20;
}

/** Total quota demand of a job's pods. */
export function jobDemand(size: SparkJobSize): {
  readonly cores: number;
  readonly bytes: number;
} {
  const { driver, executor } = size;
  const own = { cores: amount(driver.cpuRequest), bytes: jvmBytes(driver) };
  if (executor === "none") return own;
  return {
    cores: own.cores + amount(executor.cpuRequest) * executorCount(size),
    bytes: own.bytes + jvmBytes(executor) * executorCount(size),
  };
}
