import { z } from "zod";

import { bucketName, fieldName } from "./names";

/** A value as it stands there. */
export const plainValue = z.union([z.string(), z.number(), z.boolean()]);

const prefix = z
  .string()
  .optional()
  .describe(
    "Text directly before the value, such as `--date=`; left out if the input is not set",
  );

/** A place in a bucket of the stack. */
export const bucketValue = z
  .strictObject({
    bucket: bucketName.describe("One of the stack's buckets"),
    path: z.string().default("").describe("Path in the bucket"),
    prefix,
  })
  .describe("URI in a bucket, in the scheme of the target");

const resultValue = z
  .strictObject({
    result: z
      .string()
      .describe("Name of another step, for which this one waits"),
    field: fieldName.describe("Field of the step's result"),
    prefix,
  })
  .describe("A field of another step's result");

/** An input of the workload. */
export const inputValue = z
  .strictObject({ input: z.string().describe("Name of an input"), prefix })
  .describe("An input of the workload");

const secretValue = z
  .strictObject({
    secret: z
      .string()
      .min(1)
      .describe("Name of a Secret in the team's namespace"),
    key: z.string().min(1).describe("Key in the Secret"),
  })
  .describe("A value of a Secret");

/** Value of an argument. */
export const argument = z.union(
  [plainValue, bucketValue, resultValue, inputValue],
  {
    error:
      "write a text, a number, { bucket, path }, { result, field } or { input }; a secret goes into env",
  },
);

/** Value of an environment variable. */
export const variable = z.union(
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

/** Value of a pipeline's parameter. */
export const parameter = z.union(
  [plainValue, bucketValue, resultValue, inputValue, sparkJobValue],
  {
    error:
      "write a text, a number, true or false, { bucket, path }, { result, field }, { input } or { sparkJob }",
  },
);

/** A value of an argument, a variable or a parameter of a pipeline. */
export type Value = z.output<typeof variable> | z.output<typeof parameter>;
