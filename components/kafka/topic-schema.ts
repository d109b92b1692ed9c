import { z } from "zod";

import { uniquelyNamed } from "../../infra/names/uniquely-named";
import { quantity } from "../../infra/quantity";

const topicName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9.]{0,198}[a-z0-9])?$/,
    "use lower-case letters, digits, hyphens and dots, at most 200",
  );

const topicSchema = z.strictObject({
  name: topicName.describe("Name of the topic"),
  partitions: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(8)
    .describe("Partitions of the topic"),
  retentionHours: z
    .number()
    .positive()
    .default(168)
    .describe(
      "Retention of a record; a consumer that is down for longer misses records",
    ),
  retentionBytes: quantity
    .optional()
    .describe("Maximum size of a partition, as a quantity"),
});

/** A topic as a stack declares it. */
export type Topic = z.output<typeof topicSchema>;

/** Topics that the stack makes, with their properties. */
export const topicsSchema = uniquelyNamed(topicSchema, "topic").default([]);

/** Topics of a cluster that someone else runs, by name alone. */
export const externalTopicsSchema = uniquelyNamed(
  z.strictObject({ name: topicName.describe("Name of the topic") }),
  "topic",
).default([]);
