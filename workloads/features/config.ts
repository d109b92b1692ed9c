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
  .describe("Events a second; 0 sends as fast as it goes");

/** A data set that a stack keeps from a stream. */
export const streamSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .optional()
    .describe(`Folder of its data-set.yaml, ${folderWords}`),
  team: z.string().default("ml").describe("Team whose jobs keep the data set"),
  pool: z.string().default("cpu").describe("Pool that they run on"),
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
    .describe("Where its records come from in place of a topic"),
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
            "How many of the file's events, from its first; all unless given",
          ),
        rate,
      }),
      z.strictObject({
        kind: z.literal("generate").describe("Synthetic events"),
        events: z.number().int().min(1).max(100_000_000).describe("How many"),
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
          "Seconds from one batch, or one reading of a database's table, to the next, run on; without it, a run ends when it has caught up",
        ),
      keepDays: z
        .number()
        .positive()
        .max(3650)
        .optional()
        .describe(
          "Days for which every instant of the events can be read again; those that the data set declares unless given",
        ),
      onLoss: z
        .enum(["stop", "continue"])
        .default("stop")
        .describe(
          "What to do where the topic has lost records that were not read yet: end, or go on with those that are left",
        ),
      batch: z
        .number()
        .int()
        .min(1000)
        .default(250_000)
        .describe("Most records of a batch"),
      size: size.describe("Size of the job"),
    })
    .prefault({})
    .describe(
      "How the topic, or the database's table, is read into the data set's",
    ),
  views: z
    .strictObject({
      scheduled: z
        .boolean()
        .default(false)
        .describe(
          "Whether views are computed by their schedules, beside the run of the program",
        ),
      schedule: cronLine
        .optional()
        .describe(
          "Cron line, in UTC, for every view that declares one; its own unless given",
        ),
      size: size.describe("Size of a job"),
    })
    .prefault({})
    .describe("How views are computed from the tables"),
  training: z
    .strictObject({ size: size.describe("Size of a job") })
    .prefault({})
    .describe("How models are trained from views"),
  drift: z
    .strictObject({
      scheduled: z
        .boolean()
        .default(true)
        .describe(
          "Whether drift is looked for by the schedules that models declare; else only by `npm run features -- drift`",
        ),
      size: size.describe("Size of a job"),
    })
    .prefault({})
    .describe("How drift of features is looked for"),
  online: onlineStoreSchema
    .optional()
    .describe("Keeps the newest row of each entity in Redis too"),
  timeoutSeconds: z
    .number()
    .int()
    .min(60)
    .default(1800)
    .describe("Seconds after which a job that has not ended counts as failed"),
});

/** Configuration of a data set's stream. */
export type StreamConfig = z.output<typeof streamSchema>;
