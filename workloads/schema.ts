import { z } from "zod";

import { batchJobSizeSchema } from "../components/batch-job-size";
import { bucketNames } from "../components/hudi-store";
import { sparkJobSizeSchema } from "../components/spark-job-size";
import { trainingJobSizeSchema } from "../components/training-job-size";
import { webServiceSizeSchema } from "../components/web-service-size";
import { quantity } from "../infra/quantity";
import { folderWords } from "./declared-folder";

/** Name of a folder's declaration. */
export const workloadFile = "workload.yaml";

/** Buckets by the names that a workload uses for them. */
const bucketName = z.enum(
  Object.values(bucketNames) as [
    (typeof bucketNames)[keyof typeof bucketNames],
    ...(typeof bucketNames)[keyof typeof bucketNames][],
  ],
);

const dnsLabel = (longest: number) =>
  z
    .string()
    .regex(
      new RegExp(`^[a-z]([-a-z0-9]{0,${longest - 2}}[a-z0-9])?$`),
      `use lower-case letters, digits and hyphens, at most ${longest}, starting with a letter`,
    );

const stepName = dnsLabel(30);

const fieldName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_]{0,62}$/,
    "use letters, digits and underscores, starting with a letter",
  );

const duration = z
  .string()
  .regex(
    /^[1-9]\d{0,5}[smhd]$/,
    "write a whole number with s, m, h or d, such as 90s, 30m or 10h",
  );

/** Seconds of a duration such as `30m`. */
export function secondsOf(text: string): number {
  const unit = { s: 1, m: 60, h: 3600, d: 86_400 }[text.at(-1) ?? ""] ?? 1;
  return Number.parseInt(text, 10) * unit;
}

const plainValue = z.union([z.string(), z.number(), z.boolean()]);

const prefix = z
  .string()
  .optional()
  .describe(
    "Text right before it, such as `--date=`; left out with an input that is not set",
  );

const bucketValue = z
  .strictObject({
    bucket: bucketName.describe("One of the stack's buckets"),
    path: z.string().default("").describe("Path in the bucket"),
    prefix,
  })
  .describe("URI in a bucket, in the scheme of the target");

const resultValue = z
  .strictObject({
    result: z.string().describe("Name of another step, which then comes first"),
    field: fieldName.describe("Field of the JSON object that it left"),
    prefix,
  })
  .describe("A field of another step's result");

const inputValue = z
  .strictObject({ input: z.string().describe("Name of an input"), prefix })
  .describe("An input of the workload");

const secretValue = z
  .strictObject({
    secret: z
      .string()
      .min(1)
      .describe("Name of a Secret in the team's namespace"),
    key: z.string().min(1).describe("Key in it"),
  })
  .describe("A value of a Secret");

const argument = z.union([plainValue, bucketValue, resultValue, inputValue], {
  error:
    "write a text, a number, { bucket, path }, { result, field } or { input }; a secret goes into env",
});

const variable = z.union(
  [plainValue, bucketValue, resultValue, inputValue, secretValue],
  {
    error:
      "write a text, a number, { bucket, path }, { result, field }, { input } or { secret, key }",
  },
);

const sparkJobValue = z
  .strictObject({
    sparkJob: z
      .string()
      .describe("Name of a step of kind spark with run: manual"),
  })
  .describe(
    "The SparkApplication of a step as JSON, for a pipeline that submits it",
  );

const parameter = z.union(
  [plainValue, bucketValue, resultValue, inputValue, sparkJobValue],
  {
    error:
      "write a text, a number, true or false, { bucket, path }, { result, field }, { input } or { sparkJob }",
  },
);

/** A value of an argument, a variable or a parameter of a pipeline. */
export type Value = z.output<typeof variable> | z.output<typeof parameter>;

/** What images of a team's own code are made from. */
export const imageBases = [
  "spark",
  "python",
  "pytorch",
  "tensorflow",
  "xgboost",
  "pipeline",
] as const;

const builtImage = z
  .strictObject({
    base: z
      .enum(imageBases)
      .describe("What it is made from; code and packages are put on it"),
    code: z
      .union([z.string(), z.array(z.string()).min(1)], {
        error: "write a folder, or a list of folders and files",
      })
      .default(".")
      .describe(
        "Folder of the code below the workload's, which is /opt/workload in the image; or a list of folders and files, which keep their names there",
      ),
    requirements: z
      .string()
      .optional()
      .describe("File of pip's requirements, whose packages are installed"),
    features: z
      .boolean()
      .optional()
      .describe(
        "Whether the package mlstack_features, which reads the feature store, is in it; not unless given",
      ),
    cuda: z
      .boolean()
      .optional()
      .describe(
        "Whether the framework can compute on GPUs; where the step asks for GPUs unless given. Without, the image is a fifth of the size",
      ),
  })
  .describe("Code of the folder on an image of the platform");

const dockerImage = z
  .strictObject({
    dockerfile: z.string().describe("Path of a Dockerfile in the folder"),
    context: z
      .string()
      .default(".")
      .describe("Folder that it copies from, below the workload's"),
    args: z
      .record(z.string(), z.string())
      .default({})
      .describe("Arguments of the build"),
    spark: z
      .boolean()
      .optional()
      .describe(
        "Whether it is made from the platform's image of Spark, whose reference the build has in the argument SPARK; not unless given",
      ),
  })
  .describe("An image of one's own Dockerfile");

const image = z.union(
  [
    z
      .strictObject({
        ref: z.string().min(1).describe("Full reference, with a tag or digest"),
      })
      .describe("Somebody's image, as it is"),
    builtImage,
    dockerImage,
  ],
  {
    error:
      "write { ref }, { base, code, requirements } or { dockerfile, context, args }",
  },
);

/** Where a step's image comes from. */
export type StepImage = z.output<typeof image>;

const cronLine = z
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

const placed = {
  enabled: z
    .union([z.boolean(), z.literal("needed")], {
      error: "write true, false or needed",
    })
    .default(true)
    .describe(
      "Whether the stack has it: true, false, or needed, where a step that the stack has takes its result or its Spark job. What comes after a step that the stack does not have comes after what that one would have come after",
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

const container = {
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

const ending = {
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

const step = {
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

const runs = {
  run: z
    .union([z.enum(["once", "manual"]), schedule], {
      error: "write once, manual or { schedule, timeZone }",
    })
    .default("once")
    .describe(
      "When it runs: by `up`, by `npm run submit` alone, or at the times of a schedule",
    ),
};

const commandOfImage = {
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

const training = {
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
  sharedMemory: quantity
    .default("64Mi")
    .describe("Size of /dev/shm, which counts as memory of the replica"),
};

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

const column = z.union([z.string(), inputValue.omit({ prefix: true })], {
  error: "write a text or { input }",
});

const input = z.strictObject({
  description: z.string().optional().describe("What it is for"),
  type: z
    .enum(["text", "number", "boolean", "file"])
    .default("text")
    .describe(
      "What may stand there. A file is a path in the project (a default's in the workload's folder), raw:PATH or features:PATH in the stack's buckets, or s3a://, gs:// or abfss://; the step takes the path or URI by which it reads it",
    ),
  optional: z
    .boolean()
    .default(false)
    .describe(
      "Whether it may be unset; an argument, variable or parameter that takes it is then left out",
    ),
  min: z.number().optional().describe("Least number"),
  max: z.number().optional().describe("Largest number"),
  columns: z
    .array(column)
    .min(1)
    .optional()
    .describe(
      "Columns that a file has: CSV, JSON lines or Parquet, whose beginning is looked at before anything changes, where it lies in the project",
    ),
  encoding: column
    .optional()
    .describe(
      "Encoding of a file of CSV: utf-8, utf-16, windows-1252 or iso-8859-1; UTF-8 unless given",
    ),
  default: plainValue
    .optional()
    .describe("Its value unless a stack or a command sets it"),
  choices: z
    .array(plainValue)
    .min(1)
    .optional()
    .describe("The values that it may have; any unless given"),
});

/** An input of a workload. */
export type Input = z.output<typeof input>;

/** A workload as its folder declares it. */
export const workloadSchema = z.strictObject({
  apiVersion: z
    .literal("mlstack.dev/v1")
    .describe("Version of this declaration"),
  description: z.string().optional().describe("What the workload is for"),
  owner: z.string().optional().describe("Who answers for it"),
  inputs: z
    .record(fieldName, input)
    .default({})
    .describe("Values that a stack or a command may set"),
  steps: z
    .record(stepName, stepSchema)
    .refine((steps) => Object.keys(steps).length > 0, "declare a step")
    .describe(
      "What runs, by name; one after another where `after` or a result says so",
    ),
});

/** A workload as its folder declares it, complete with its defaults. */
export type Workload = z.output<typeof workloadSchema>;

/** A workload of a folder, as a stack's file names it. */
export const ownWorkloadSchema = z.strictObject({
  team: z
    .string()
    .optional()
    .describe("Team whose jobs they are; the stack's only one unless given"),
  path: z
    .string()
    .min(1)
    .optional()
    .describe(`Folder of the workload, ${folderWords}`),
  inputs: z
    .record(z.string(), plainValue)
    .prefault({})
    .describe("Values of the workload's inputs"),
  steps: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .prefault({})
    .describe(
      "Keys of steps that are to be other than in the folder's workload.yaml",
    ),
});

/** A workload of a folder, as a stack's file names it. */
export type OwnWorkload = z.output<typeof ownWorkloadSchema>;

/** Name of a workload, and of its folder. */
export const workloadName = dnsLabel(30);
