import { z } from "zod";

import { inputValue, plainValue } from "./value";

const column = z.union([z.string(), inputValue.omit({ prefix: true })], {
  error: "write a text or { input }",
});

/** An input of a workload, as it is declared. */
export const input = z.strictObject({
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
