import { z } from "zod";

import { inputValue, plainValue } from "./value";

const column = z.union([z.string(), inputValue.omit({ prefix: true })], {
  error: "write a text or { input }",
});

/** An input of a workload, as it is declared. */
export const input = z.strictObject({
  description: z.string().optional().describe("Description of the input"),
  type: z
    .enum(["text", "number", "boolean", "file"])
    .default("text")
    .describe(
      "Type of the value. A file is a path in the project (a default is in the workload's folder), raw:PATH or features:PATH in the stack's buckets, or s3a://, gs:// or abfss://; the step gets the path or URI from which it reads the file",
    ),
  optional: z
    .boolean()
    .default(false)
    .describe(
      "Whether it may be unset; arguments, variables and parameters that use it are then left out",
    ),
  min: z.number().optional().describe("Minimum"),
  max: z.number().optional().describe("Maximum"),
  columns: z
    .array(column)
    .min(1)
    .optional()
    .describe(
      "Columns of a file of CSV, JSON lines or Parquet; the start of a file in the project is checked before anything changes",
    ),
  encoding: column
    .optional()
    .describe(
      "Encoding of a CSV file: utf-8, utf-16, windows-1252 or iso-8859-1; UTF-8 unless given",
    ),
  default: plainValue.optional().describe("Default value"),
  choices: z
    .array(plainValue)
    .min(1)
    .optional()
    .describe("Allowed values; any unless given"),
});

/** An input of a workload. */
export type Input = z.output<typeof input>;
