import { z } from "zod";

import { onlineStoreSchema } from "../../components/stores/online-store";
import { sparkJobSizeSchema } from "../../components/spark/job-size";
import { folderWords } from "../schema/declared-folder";
import { cronLine } from "./cron-line";
import { databaseTableSchema } from "./database-source";

/** Streams are read by two tasks side by side, of which each sorts its part of a batch. */
const size = sparkJobSizeSchema.prefault({
  executor: { cores: 2, memory: "2g" },
});

const rate = z
  .number()
  .min(0)
  .default(0)
  .describe("Events per second; 0 sends as fast as possible");

/** A data set that a stack keeps from a stream. */
export const streamSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .optional()
    .describe(`Folder of its data-set.yaml, ${folderWords}`),
  team: z.string().default("ml").describe("Team that runs the data set's jobs"),
  pool: z.string().default("cpu").describe("Pool of the jobs"),
  topic: z
    .string()
    .min(1)
    .optional()
    .describe("One of the topics of the stack's Kafka, unless it has a source"),
  source: z
    .strictObject({
      jdbc: databaseTableSchema.describe("A table of a PostgreSQL database"),
    })
    .optional()
    .describe("Source of its records, in place of a topic"),
  producer: z
    .discriminatedUnion("kind", [
      z.strictObject({
        kind: z
          .literal("replay")
          .describe("The events that come with the data set"),
        events: z
          .number()
          .int()
          .min(1)
          .optional()
          .describe(
            "Number of events from the start of the file; all unless given",
          ),
        rate,
      }),
      z.strictObject({
        kind: z.literal("generate").describe("Synthetic events"),
        events: z
          .number()
          .int()
          .min(1)
          .max(100_000_000)
          .describe("Number of events"),
        seed: z
          .number()
          .int()
          .default(1)
          .describe("Seed of their random numbers"),
        rate,
      }),
    ])
    .optional()
    .describe("Events to start from: the built-in file, or synthetic ones"),
  ingest: z
    .strictObject({
      everySeconds: z
        .number()
        .positive()
        .optional()
        .describe(
          "Seconds between two batches, or two reads of a database's table, of a long-running job; without it, a run ends when it has caught up",
        ),
      keepDays: z
        .number()
        .positive()
        .max(3650)
        .optional()
        .describe(
          "Days for which every instant of the events can be read; the data set's own value unless given",
        ),
      onLoss: z
        .enum(["stop", "continue"])
        .default("stop")
        .describe(
          "Action if the topic has deleted records that were not read yet: stop, or continue with the remaining records",
        ),
      batch: z
        .number()
        .int()
        .min(1000)
        .default(250_000)
        .describe("Maximum number of records per batch"),
      size: size.describe("Size of the job"),
    })
    .prefault({})
    .describe(
      "Ingestion of the topic, or of the database's table, into the data set's table",
    ),
  views: z
    .strictObject({
      scheduled: z
        .boolean()
        .default(false)
        .describe(
          "Whether views are also computed on their schedules, and not only by `up`",
        ),
      schedule: cronLine
        .optional()
        .describe(
          "Cron line, in UTC, for every view with a schedule; the view's own unless given",
        ),
      size: size.describe("Size of a job"),
    })
    .prefault({})
    .describe("Computation of views"),
  training: z
    .strictObject({ size: size.describe("Size of a job") })
    .prefault({})
    .describe("Training of models"),
  drift: z
    .strictObject({
      scheduled: z
        .boolean()
        .default(true)
        .describe(
          "Whether drift is measured on the schedules that models declare; otherwise only by `npm run features -- drift`",
        ),
      size: size.describe("Size of a job"),
    })
    .prefault({})
    .describe("Measurement of drift"),
  online: onlineStoreSchema
    .optional()
    .describe(
      "Online store: also keeps the latest row of each entity in Redis",
    ),
  timeoutSeconds: z
    .number()
    .int()
    .min(60)
    .default(1800)
    .describe("Seconds after which a job that has not ended counts as failed"),
});

/** Configuration of a data set's stream. */
export type StreamConfig = z.output<typeof streamSchema>;
