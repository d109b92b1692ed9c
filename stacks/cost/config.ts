import { z } from "zod";

import type { Load } from "./sum";

/** `budget`: what a stack may cost. */
export const budgetSchema = z
  .strictObject({
    monthly: z
      .number()
      .positive()
      .describe("US dollars a month that the typical cost should stay below"),
    stop: z
      .boolean()
      .default(false)
      .describe(
        "Whether a preview over the budget fails; otherwise it says so",
      ),
  })
  .describe("What the stack may cost a month");

/** A stack's budget. */
export type Budget = z.output<typeof budgetSchema>;

const gibibytes = z.number().nonnegative();

/** `usage`: what the stack is expected to do, for its typical cost. */
export const usageSchema = z
  .strictObject({
    pools: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe(
        "Share of the way from min to max at which the pools stand on average",
      ),
    nat: gibibytes.default(50).describe("GiB a month that go out through NAT"),
    logs: gibibytes
      .default(10)
      .describe("GiB of logs a month that the cloud takes in"),
    objects: gibibytes.default(100).describe("GiB in the buckets"),
    images: gibibytes.default(20).describe("GiB in the registry"),
  })
  .prefault({})
  .describe("What the stack is expected to use, for its typical cost");

/** The load that the section `usage` of a stack describes. */
export function loadOf({
  pools,
  ...gibibytes
}: z.output<typeof usageSchema>): Load {
  return { pools, gibibytes };
}
