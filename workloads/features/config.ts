import { z } from "zod";

import { onlineStoreSchema } from "../../components/online-store";
import { sparkJobSizeSchema } from "../../components/spark-job-size";
import { cronLine } from "./feature-view";

/** Streams are read by two tasks side by side, of which each sorts its part of a batch. */
const size = sparkJobSizeSchema.prefault({
  executor: { cores: 2, memory: "2g" },
});

/** A data set that a stack keeps from a stream. */
export const streamSchema = z.strictObject({
  team: z.string().default("ml"),
  pool: z.string().default("cpu"),
  /** One of the topics of the stack's Kafka. */
  topic: z.string().min(1),
  /** Events to start from: the built-in file, or synthetic ones. */
  producer: z
    .discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("replay"),
        /** How many of the file's events, from its first; all unless given. */
        events: z.number().int().min(1).optional(),
        /** Events a second; 0 sends as fast as it goes. */
        rate: z.number().min(0).default(0),
      }),
      z.strictObject({
        kind: z.literal("generate"),
        events: z.number().int().min(1).max(100_000_000),
        seed: z.number().int().default(1),
        rate: z.number().min(0).default(0),
      }),
    ])
    .optional(),
  ingest: z
    .strictObject({
      /** Seconds from one batch to the next, run on; without it, a run ends when it has caught up. */
      everySeconds: z.number().positive().optional(),
      /** Days for which every instant of the events can be read again; those that the data set declares unless given. */
      keepDays: z.number().positive().max(3650).optional(),
      /** Most records of a batch. */
      batch: z.number().int().min(1000).default(250_000),
      size,
    })
    .prefault({}),
  views: z
    .strictObject({
      /** Whether views are computed by their schedules, beside the run of the program. */
      scheduled: z.boolean().default(false),
      /** Cron line, in UTC, for every view that declares one; its own unless given. */
      schedule: cronLine.optional(),
      size,
    })
    .prefault({}),
  training: z.strictObject({ size }).prefault({}),
  drift: z
    .strictObject({
      /** Whether drift is looked for by the schedules that models declare; else only by `npm run features -- drift`. */
      scheduled: z.boolean().default(true),
      size,
    })
    .prefault({}),
  /** Keeps the newest row of each entity in Redis too. */
  online: onlineStoreSchema.optional(),
  /** Seconds after which a job that has not ended counts as failed. */
  timeoutSeconds: z.number().int().min(60).default(1800),
});

/** Configuration of a data set's stream. */
export type StreamConfig = z.output<typeof streamSchema>;
