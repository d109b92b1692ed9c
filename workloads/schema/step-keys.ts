import { z } from "zod";

import {
  sharedMemorySchema,
  trainingJobSizeSchema,
} from "../../components/training/job-size";
import { image } from "./image";
import { bucketName, duration } from "./names";
import { argument, variable } from "./value";

/** A cron line of five fields. */
export const cronLine = z
  .string()
  .regex(
    /^(\S+ ){4}\S+$/,
    "write a cron line of five fields, such as 30 2 * * *",
  );

const schedule = z
  .strictObject({
    schedule: cronLine.describe("Cron line"),
    timeZone: z
      .string()
      .default("UTC")
      .describe("Time zone of the line, such as Europe/Berlin"),
  })
  .describe("At times");

/** Keys of every step. */
export const placed = {
  enabled: z
    .union([z.boolean(), z.literal("needed")], {
      error: "write true, false or needed",
    })
    .default(true)
    .describe(
      "Whether the stack has it: true, false, or needed, where a step that the stack has takes its result or its Spark job. If a step is left out, the steps after it wait for the steps before it",
    ),
  image: image.describe("What runs"),
  access: z
    .partialRecord(bucketName, z.enum(["read", "write"]))
    .default({})
    .describe(
      "Buckets that it may read, or read and write; its service account has these rights and no others",
    ),
  after: z
    .array(z.string())
    .default([])
    .describe("Steps that come first, beside those whose results it takes"),
  pool: z
    .string()
    .optional()
    .describe(
      "Pool that it runs on; unless given the first without GPUs, or with as many as it asks for",
    ),
};

/** Keys of a step that runs one container or more of its own. */
export const container = {
  ...placed,
  args: z.array(argument).default([]).describe("Arguments, in order"),
  env: z
    .record(
      z
        .string()
        .regex(
          /^(?!MLSTACK_|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|ENDPOINT_URL|REGION)$|OMP_NUM_THREADS$)[A-Za-z_][A-Za-z0-9_]*$/,
          "use letters, digits and underscores; the platform sets MLSTACK_*, OMP_NUM_THREADS and the AWS_* of the object store itself",
        ),
      variable,
    )
    .default({})
    .describe("Environment variables"),
};

/** Keys of a step that has an end. */
export const ending = {
  timeout: duration
    .default("30m")
    .describe("After how long it is ended and counts as failed"),
  rerun: z
    .enum(["changed", "revision"])
    .default("changed")
    .describe(
      "When `up` runs it again: once its declaration, its code or a value has changed, or once `revision` has",
    ),
  revision: z
    .string()
    .optional()
    .describe("Any text, where `rerun` is revision; another one runs it again"),
};

/** Keys of a job. */
export const step = {
  ...container,
  retries: z
    .number()
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe("How often it is started again when it fails"),
  ...ending,
  wait: z
    .boolean()
    .default(true)
    .describe(
      "Whether `up` waits for its end, and fails with it; without, `status` tells how it went",
    ),
};

/** When a job runs. */
export const runs = {
  run: z
    .union([z.enum(["once", "manual"]), schedule], {
      error: "write once, manual or { schedule, timeZone }",
    })
    .default("once")
    .describe(
      "When it runs: by `up`, by `npm run submit` alone, or at the times of a schedule",
    ),
};

/** Keys of a step whose image has a command of its own. */
export const commandOfImage = {
  command: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("Program to run; the image's own unless given"),
  user: z
    .number()
    .int()
    .min(1, "write a number above 0: root is not admitted")
    .default(185)
    .describe("Number of the user that it runs as; root is not admitted"),
};

/** Keys of a training on replicas. */
export const training = {
  ...step,
  run: z
    .literal("once")
    .default("once")
    .describe("When it runs: by `up`, and by `npm run submit`"),
  command: z
    .array(z.string())
    .min(1)
    .describe("Program of each replica; the working folder is the code's"),
  size: trainingJobSizeSchema.describe("How large it is"),
  sharedMemory: sharedMemorySchema,
};
