import { z } from "zod";

import { batchJobSizeSchema } from "../../components/jobs/batch-job-size";
import { sparkJobSizeSchema } from "../../components/spark/job-size";
import { webServiceSizeSchema } from "../../components/serving/web-service-size";
import { quantity } from "../../infra/quantity";
import { duration, fieldName } from "./names";
import {
  commandOfImage,
  container,
  cronLine,
  ending,
  placed,
  runs,
  step,
  training,
} from "./step-keys";
import { bucketValue, parameter } from "./value";

/** A step of a workload, by its kind. */
export const stepSchema = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("spark").describe("A PySpark job"),
      ...step,
      ...runs,
      pool: z
        .string()
        .optional()
        .describe(
          "Pool of the driver and, without `executorPool`, of the executors; unless given, the driver runs on the first pool without GPUs that is on demand, and the executors on the first that is on spot, where there is one",
        ),
      main: z
        .string()
        .min(1)
        .describe(
          "Python file to run: below `code`, or the full path in an image of one's own",
        ),
      size: sparkJobSizeSchema.describe("How large it is"),
      executorPool: z
        .string()
        .optional()
        .describe("Pool of the executors, such as one on spot; see `pool`"),
      conf: z
        .record(z.string(), z.string())
        .default({})
        .describe("Settings of Spark; they come last"),
    })
    .describe("A PySpark job"),
  z
    .strictObject({
      kind: z
        .literal("job")
        .describe(
          "A container that runs to its end: a script, batch scoring, dbt",
        ),
      ...step,
      ...runs,
      ...commandOfImage,
      size: batchJobSizeSchema.describe("How large it is"),
    })
    .describe("A container that runs to its end: a script, batch scoring, dbt"),
  z
    .strictObject({
      kind: z
        .literal("pytorch")
        .describe("A training with PyTorch on one or more replicas"),
      ...training,
    })
    .describe("A training with PyTorch on one or more replicas"),
  z
    .strictObject({
      kind: z
        .literal("tensorflow")
        .describe("A training with TensorFlow on one or more replicas"),
      ...training,
    })
    .describe("A training with TensorFlow on one or more replicas"),
  z
    .strictObject({
      kind: z
        .literal("xgboost")
        .describe("A training with XGBoost on one or more replicas"),
      ...training,
    })
    .describe("A training with XGBoost on one or more replicas"),
  z
    .strictObject({
      kind: z
        .literal("pipeline")
        .describe("A pipeline that KFP has compiled to YAML"),
      ...placed,
      ...ending,
      run: z
        .literal("once")
        .default("once")
        .describe("When it runs: by `up`, and at the times of `schedule`"),
      wait: z
        .literal(true)
        .default(true)
        .describe("Whether `up` waits for its end; always"),
      file: z
        .string()
        .min(1)
        .describe(
          "Compiled pipeline, a YAML file in the folder; all of its steps run in the image. Where there is no Kubeflow Pipelines, KFP's own runner runs it in a Job. Its outputs are the step's result",
        ),
      parameters: z
        .record(fieldName, parameter)
        .default({})
        .describe("Values of its parameters; its own defaults unless given"),
      arguments: z
        .record(fieldName, parameter)
        .default({})
        .describe(
          "Values of parameters for the run by `up` alone; runs of the schedule have those of `parameters`",
        ),
      schedule: cronLine
        .optional()
        .describe(
          "Cron line in UTC, at whose times Kubeflow Pipelines runs it again; not at all unless given",
        ),
      cache: bucketValue.describe(
        "Folder that keeps what the steps of runs in a Job have put out: a step runs again only for other inputs",
      ),
      record: bucketValue
        .optional()
        .describe(
          "File that a run leaves, a JSON object: the step's result on Kubeflow Pipelines",
        ),
      size: z
        .strictObject({
          cpu: quantity.default("250m").describe("CPU"),
          memory: quantity
            .default("1Gi")
            .describe("Memory, which is its limit too"),
        })
        .prefault({})
        .describe("How large the pod is that runs its steps"),
    })
    .describe("A pipeline that KFP has compiled to YAML"),
  z
    .strictObject({
      kind: z
        .literal("serve")
        .describe("A container that answers on a port, such as a model's"),
      ...container,
      ...commandOfImage,
      port: z
        .number()
        .int()
        .min(1024, "write 1024 to 65535: lower ones are root's")
        .max(65_535)
        .default(8080)
        .describe("Port that it listens on"),
      health: z
        .string()
        .regex(/^\/\S*$/, "write a path, such as /healthz")
        .optional()
        .describe(
          "Path that answers with 2xx once it is ready; unless given it is ready once the port takes connections",
        ),
      size: webServiceSizeSchema.describe("How large it is"),
      timeout: duration
        .default("5m")
        .describe("After how long a version that is not ready has failed"),
      run: z
        .literal("service")
        .default("service")
        .describe("When it runs: all the time"),
    })
    .describe(
      "A container that answers on a port, such as a model's: an InferenceService where the stack has KServe, a Deployment elsewhere",
    ),
]);

/** A step of a workload, complete with its defaults. */
export type Step = z.output<typeof stepSchema>;

/** Kind of a step. */
export type Kind = Step["kind"];

/** A step that has an end. */
export type EndingStep = Exclude<Step, { readonly kind: "serve" }>;

/** A step of one kind. */
export type StepOf<K extends Kind> = K extends Kind
  ? Extract<Step, { readonly kind: K }>
  : never;
