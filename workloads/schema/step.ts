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
          "Pool of the driver and, without `executorPool`, of the executors; by default the driver runs on the first on-demand pool without GPUs, and the executors on the first spot pool without GPUs, if there is one",
        ),
      main: z
        .string()
        .min(1)
        .describe(
          "Python file to run: a path in `code`, or the full path in your own image",
        ),
      size: sparkJobSizeSchema.describe("Size of its pods"),
      executorPool: z
        .string()
        .optional()
        .describe("Pool of the executors, such as a spot pool; see `pool`"),
      conf: z
        .record(z.string(), z.string())
        .default({})
        .describe("Spark properties, which override those of the platform"),
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
      size: batchJobSizeSchema.describe("Size of its pods"),
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
        .describe("Trigger: `up`, and `schedule`"),
      wait: z
        .literal(true)
        .default(true)
        .describe("Whether `up` waits for its end; always"),
      file: z
        .string()
        .min(1)
        .describe(
          "Compiled pipeline, a YAML file in the folder; all of its steps run in the image. Without Kubeflow Pipelines, KFP's own runner runs it in a Job. Its outputs are the step's result",
        ),
      parameters: z
        .record(fieldName, parameter)
        .default({})
        .describe(
          "Values of its parameters; the pipeline's defaults unless given",
        ),
      arguments: z
        .record(fieldName, parameter)
        .default({})
        .describe(
          "Values of parameters for the run by `up` only; scheduled runs use `parameters`",
        ),
      schedule: cronLine
        .optional()
        .describe(
          "Cron line in UTC of additional runs by Kubeflow Pipelines; none unless given",
        ),
      cache: bucketValue.describe(
        "Folder of the cached outputs of steps that ran in a Job: a step runs again only if its inputs change",
      ),
      record: bucketValue
        .optional()
        .describe(
          "File that a run writes as a JSON object: the step's result on Kubeflow Pipelines",
        ),
      size: z
        .strictObject({
          cpu: quantity.default("250m").describe("CPU"),
          memory: quantity.default("1Gi").describe("Memory request and limit"),
        })
        .prefault({})
        .describe("Size of the pod that runs its steps"),
    })
    .describe("A pipeline that KFP has compiled to YAML"),
  z
    .strictObject({
      kind: z
        .literal("serve")
        .describe("A server on a port, such as a model's"),
      ...container,
      ...commandOfImage,
      port: z
        .number()
        .int()
        .min(1024, "write 1024 to 65535: lower ones are root's")
        .max(65_535)
        .default(8080)
        .describe("Port of the server"),
      health: z
        .string()
        .regex(/^\/\S*$/, "write a path, such as /healthz")
        .optional()
        .describe(
          "Readiness path, which responds with 2xx once the server is ready; by default it is ready once the port accepts connections",
        ),
      size: webServiceSizeSchema.describe("Size of its pods"),
      timeout: duration
        .default("5m")
        .describe("Time limit for a new version to become ready"),
      run: z
        .literal("service")
        .default("service")
        .describe("Trigger: it runs permanently"),
    })
    .describe(
      "A server on a port, such as a model's: an InferenceService with KServe, otherwise a Deployment",
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
