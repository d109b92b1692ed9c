import { z } from "zod";

import { sparkJobSizeSchema } from "../../components/spark-job-size";
import { pipelineSchema } from "./pipeline-config";
import { servingSchema } from "./serving-config";
import { trainersSchema } from "./trainers-config";
import type { Problem } from "../../infra/problem";
import { checkInputFile, formatOf, formats, isUri } from "./input-file";

/** Columns of the input by meaning; the defaults are those of the built-in data set. */
const columnsSchema = z
  .strictObject({
    user: z.string().min(1).default("user_id"),
    session: z.string().min(1).default("session_id"),
    event: z.string().min(1).default("event"),
    time: z.string().min(1).default("timestamp"),
    platform: z.string().min(1).default("platform"),
    channel: z.string().min(1).default("acquisition_channel"),
    cohort: z.string().min(1).default("user_cohort"),
    lifecycle: z.string().min(1).default("user_lifecycle"),
  })
  .prefault({});

/** The click-stream workload: features into the Hudi store, then a model trained from them. */
export const clickstreamSchema = z.strictObject({
  team: z.string().default("ml"),
  pool: z.string().default("cpu"),
  /** A file here or in a bucket; the built-in data set when absent. */
  input: z
    .strictObject({
      path: z
        .string()
        .min(1)
        .refine((path) => formatOf(path) !== undefined, {
          message: `use a file that ends in ${formats.join(", ")}`,
        }),
      columns: columnsSchema,
    })
    .optional(),
  features: sparkJobSizeSchema,
  training: sparkJobSizeSchema,
  trainers: trainersSchema,
  /** Trains by a pipeline as well; not at all unless given. */
  pipeline: pipelineSchema.optional(),
  /** Serves the best model of the run; not at all unless given. */
  serving: servingSchema.optional(),
  /** Seconds after which a job that has not ended counts as failed. */
  timeoutSeconds: z.number().int().min(60).default(1800),
});

/** Configuration of the click-stream workload. */
export type ClickstreamConfig = z.output<typeof clickstreamSchema>;

/** What is wrong with the input; a file in a bucket is looked at by the job. */
export function checkClickstream(
  path: string,
  { input }: ClickstreamConfig,
): readonly Problem[] {
  if (input === undefined || isUri(input.path)) return [];
  return checkInputFile(
    `${path}.input.path`,
    input.path,
    Object.values(input.columns),
  );
}
