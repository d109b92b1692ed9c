import { z } from "zod";

import type { Problem } from "../../infra/problem";
import { quantity } from "../../infra/quantity";

/** Configuration of Spark in a stack. */
export const sparkSchema = z
  .strictObject({
    history: z
      .strictObject({
        enabled: z
          .boolean()
          .default(false)
          .describe(
            "Whether each team has a Spark History Server, and its Spark jobs write event logs for it",
          ),
        keepDays: z
          .number()
          .int()
          .min(1)
          .max(3650)
          .default(30)
          .describe("Days after which the event log of a job is removed"),
        pool: z
          .string()
          .default("cpu")
          .describe("Pool that the servers run on"),
        cpu: quantity.default("50m").describe("CPU of each server"),
        memory: quantity
          .default("1Gi")
          .describe(
            "Memory of each server; more where one job has hundreds of thousands of tasks",
          ),
      })
      .prefault({})
      .describe(
        "Stages, tasks, queries and executors of Spark jobs that have ended, in a browser: `npm run open -- history`",
      ),
  })
  .prefault({});

/** Configuration of Spark in a stack. */
export type SparkConfig = z.output<typeof sparkSchema>;

/** Size, place and retention of the history servers. */
export type SparkHistoryConfig = SparkConfig["history"];

/** History servers on a pool that is not there. */
export function checkHistory(
  path: string,
  { enabled, pool }: SparkHistoryConfig,
  { pools }: { readonly pools: readonly { readonly name: string }[] },
): readonly Problem[] {
  if (!enabled || pools.some(({ name }) => name === pool)) return [];
  const choices = pools.map(({ name }) => name).join(", ");
  return [
    { path: `${path}.pool`, value: pool, remedy: `choose one of ${choices}` },
  ];
}
