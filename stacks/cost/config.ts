import { z } from "zod";

import type { Load } from "./sum";

/** `budget`: what a stack may cost. */
export const budgetSchema = z
  .strictObject({
    monthly: z
      .number()
      .positive()
      .describe("Limit of the typical cost, in US dollars per month"),
    stop: z
      .boolean()
      .default(false)
      .describe(
        "Whether a preview over the budget fails; otherwise it only warns",
      ),
  })
  .describe("Monthly budget of the stack");

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
      .describe("Average size of the pools between min (0) and max (1)"),
    nat: gibibytes.default(50).describe("GiB per month through NAT"),
    logs: gibibytes
      .default(10)
      .describe("GiB of logs per month that the cloud ingests"),
    objects: gibibytes.default(100).describe("GiB in the buckets"),
    images: gibibytes.default(20).describe("GiB in the registry"),
  })
  .prefault({})
  .describe("Expected use of the stack, for its typical cost");

/** The load that the section `usage` of a stack describes. */
export function loadOf({
  pools,
  ...gibibytes
}: z.output<typeof usageSchema>): Load {
  return { pools, gibibytes };
}
