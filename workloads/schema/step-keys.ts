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
      .describe("Time zone of the schedule, such as Europe/Berlin"),
  })
  .describe("On a schedule");

/** Keys of every step. */
export const placed = {
  enabled: z
    .union([z.boolean(), z.literal("needed")], {
      error: "write true, false or needed",
    })
    .default(true)
    .describe(
      "Whether the stack includes it: true, false, or needed (if another included step uses its result or its Spark job). If a step is left out, the steps after it wait for the steps before it",
    ),
  image: image.describe("Image of the step"),
  access: z
    .partialRecord(bucketName, z.enum(["read", "write"]))
    .default({})
    .describe(
      "Buckets that it may read, or read and write; its service account has no other rights on buckets",
    ),
  after: z
    .array(z.string())
    .default([])
    .describe("Steps to wait for, besides those whose results it uses"),
  pool: z
    .string()
    .optional()
    .describe(
      "Pool of its pods; by default the first without GPUs, or with as many as it requests",
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
    .describe("Time limit, after which it is terminated and counts as failed"),
  rerun: z
    .enum(["changed", "revision"])
    .default("changed")
    .describe(
      "Change that makes `up` run it again: of its declaration, code or values, or of `revision` only",
    ),
  revision: z
    .string()
    .optional()
    .describe(
      "Any text, with `rerun: revision`; a new text runs the step again",
    ),
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
    .describe("Number of retries after a failure"),
  ...ending,
  wait: z
    .boolean()
    .default(true)
    .describe(
      "Whether `up` waits for its end and fails if it fails; otherwise only `status` reports the outcome",
    ),
};

/** When a job runs. */
export const runs = {
  run: z
    .union([z.enum(["once", "manual"]), schedule], {
      error: "write once, manual or { schedule, timeZone }",
    })
    .default("once")
    .describe("Trigger: `up`, only `npm run submit`, or a schedule"),
};

/** Keys of a step whose image has a command of its own. */
export const commandOfImage = {
  command: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("Command; the image's own unless given"),
  user: z
    .number()
    .int()
    .min(1, "write a number above 0: root is not admitted")
    .default(185)
    .describe("Numeric ID of the user; root is refused"),
};

/** Keys of a training on replicas. */
export const training = {
  ...step,
  run: z
    .literal("once")
    .default("once")
    .describe("Trigger: `up` and `npm run submit`"),
  command: z
    .array(z.string())
    .min(1)
    .describe(
      "Command of each replica; the working directory is the code's folder",
    ),
  size: trainingJobSizeSchema.describe("Size of its pods"),
  sharedMemory: sharedMemorySchema,
};
