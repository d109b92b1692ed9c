import { z } from "zod";

import { dnsLabel } from "../names/dns-label";
import { uniquelyNamed } from "../names/uniquely-named";

const poolSchema = z
  .strictObject({
    name: dnsLabel.describe("Name of the pool, by which workloads select it"),
    machineType: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Type of the machines, as the cloud names it; one that fits unless given",
      ),
    min: z.number().int().min(0).max(1000).describe("Fewest nodes"),
    max: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .describe(
        "Most nodes; what an autoscaler may add up to, where the target has one",
      ),
    spot: z
      .boolean()
      .default(false)
      .describe(
        "Whether the nodes are cheaper ones that the cloud may take away",
      ),
    gpu: z
      .strictObject({
        count: z.number().int().min(1).max(16).describe("GPUs of each node"),
        type: z
          .string()
          .min(1)
          .optional()
          .describe("Type of the accelerator, where the cloud wants it named"),
      })
      .optional()
      .describe("GPUs of the nodes; without it, they have none"),
  })
  .refine(({ min, max }) => max >= min, {
    path: ["max"],
    message: "raise it to min or more",
  });

/** Node pools of a stack. */
export const poolsSchema = uniquelyNamed(poolSchema, "pool")
  .min(1, "name at least one pool")
  .default([{ name: "cpu", min: 1, max: 1, spot: false }]);
