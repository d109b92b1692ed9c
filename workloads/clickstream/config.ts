import { z } from "zod";

import { sparkJobSizeSchema } from "../../components/spark-job-size";
import { pipelineSchema } from "./pipeline-config";
import { servingSchema } from "./serving-config";
import { trainersSchema } from "./trainers-config";
import type { Problem } from "../../infra/problem";
import { checkInputFile, encodings, isUri, pathProblem } from "./input-file";

/** Columns of the input by meaning; the defaults are those of the built-in data set. */
const columnsSchema = z
  .strictObject({
    user: z.string().min(1).default("user_id").describe("Who"),
    session: z
      .string()
      .min(1)
      .default("session_id")
      .describe("Session of the event"),
    event: z.string().min(1).default("event").describe("What happened"),
    time: z.string().min(1).default("timestamp").describe("When it happened"),
    platform: z
      .string()
      .min(1)
      .default("platform")
      .describe("Platform of the user"),
    channel: z
      .string()
      .min(1)
      .default("acquisition_channel")
      .describe("Channel by which the user came"),
    cohort: z
      .string()
      .min(1)
      .default("user_cohort")
      .describe("Cohort of the user"),
    lifecycle: z
      .string()
      .min(1)
      .default("user_lifecycle")
      .describe("Stage that the user is in"),
  })
  .prefault({});

/** The click-stream workload: features into the Hudi store, then a model trained from them. */
export const clickstreamSchema = z.strictObject({
  team: z.string().default("ml").describe("Team whose jobs they are"),
  pool: z.string().default("cpu").describe("Pool that the jobs run on"),
  input: z
    .strictObject({
      path: z
        .string()
        .min(1)
        .superRefine((path, { addIssue }) => {
          const message = pathProblem(path);
          if (message !== undefined) addIssue({ code: "custom", message });
        })
        .describe(
          "Path of the file in the project, raw:PATH in the stack's bucket, or s3a:// and the like",
        ),
      encoding: z
        .enum(encodings)
        .optional()
        .describe("Encoding of CSV that is not UTF-8"),
      columns: columnsSchema.describe("Names of the columns, by meaning"),
    })
    .optional()
    .describe("A file here or in a bucket; the built-in data set when absent"),
  features: sparkJobSizeSchema.describe(
    "Size of the job that computes the features",
  ),
  training: sparkJobSizeSchema.describe("Size of the job that trains"),
  trainers: trainersSchema.describe("Trainings beside Spark's"),
  pipeline: pipelineSchema
    .optional()
    .describe("Trains by a pipeline as well; not at all unless given"),
  serving: servingSchema
    .optional()
    .describe("Serves the best model of the run; not at all unless given"),
  timeoutSeconds: z
    .number()
    .int()
    .min(60)
    .default(1800)
    .describe("Seconds after which a job that has not ended counts as failed"),
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
    input.encoding,
  );
}
