import { z } from "zod";

import { dnsLabel } from "../names/dns-label";
import { uniquelyNamed } from "../names/uniquely-named";

const poolSchema = z
  .strictObject({
    name: dnsLabel.describe("Name of the pool, used by workloads"),
    machineType: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Machine type by the cloud's name; a suitable one unless given",
      ),
    min: z.number().int().min(0).max(1000).describe("Minimum number of nodes"),
    max: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .describe("Maximum number of nodes, for targets with an autoscaler"),
    spot: z
      .boolean()
      .default(false)
      .describe(
        "Whether the nodes are spot instances, which the cloud may reclaim",
      ),
    gpu: z
      .strictObject({
        count: z.number().int().min(1).max(16).describe("GPUs of each node"),
        type: z
          .string()
          .min(1)
          .optional()
          .describe("Type of the accelerator, where the cloud requires one"),
      })
      .optional()
      .describe("GPUs of the nodes; none unless given"),
  })
  .refine(({ min, max }) => max >= min, {
    path: ["max"],
    message: "raise it to min or more",
  });

/** Node pools of a stack. */
export const poolsSchema = uniquelyNamed(poolSchema, "pool")
  .min(1, "name at least one pool")
  .default([{ name: "cpu", min: 1, max: 1, spot: false }]);
