import * as fs from "node:fs";

import type { Problem } from "../../infra/problem";
import {
  csvHeader,
  decode,
  empty,
  headBytes,
  InputError,
  jsonNames,
} from "./file-head";

/** Endings of the files that the job reads. */
export const formats = [
  ".csv",
  ".csv.gz",
  ".jsonl",
  ".jsonl.gz",
  ".ndjson",
  ".ndjson.gz",
  ".json",
  ".json.gz",
  ".parquet",
] as const;

/** Encodings of CSV that may be declared; those of `jobs/input_file.py`. */
export const encodings = [
  "utf-8",
  "utf-16",
  "windows-1252",
  "iso-8859-1",
] as const;

/** Whether a text names one of {@link encodings}. */
export function isEncoding(text: string): text is Encoding {
  return encodings.some((each) => each === text);
}

/** An encoding of CSV. */
export type Encoding = (typeof encodings)[number];

/** Format of a file by its ending; undefined when it is none of {@link formats}. */
export function formatOf(path: string): (typeof formats)[number] | undefined {
  const name = path.replace(/\/+$/, "").toLowerCase();
  return formats.find((ending) => name.endsWith(ending));
}

/** Whether a path names an object in a bucket rather than a file here. */
export function isUri(path: string): boolean {
  return /^[a-z0-9+]+:\/\//.test(path) || stackBucketOf(path) !== undefined;
}

/** Buckets of the stack that an input may lie in, as `raw:path` names them on every target. */
const stackBuckets = { raw: "raw", features: "featureStore" } as const;

/** The bucket of the stack that a path such as `raw:events/2026.csv` names, and the path in it. */
export function stackBucketOf(
  path: string,
):
  | { readonly bucket: "raw" | "featureStore"; readonly path: string }
  | undefined {
  const [, name, rest] = /^(raw|features):(?!\/\/)\/?(.+)$/.exec(path) ?? [];
  return name === undefined || rest === undefined
    ? undefined
    : { bucket: stackBuckets[name as keyof typeof stackBuckets], path: rest };
}

/**
 * Problem with the form of a path; undefined without one.
 *
 * @param table whether it is to be of one of {@link formats}
 */
export function pathProblem(path: string, table = true): string | undefined {
  const [, scheme] = /^([a-z0-9+]+):\/\//.exec(path) ?? [];
  switch (scheme) {
    case undefined:
    case "s3a":
    case "gs":
    case "abfss":
      break;
    case "s3":
      return `write ${path.replace(/^s3:/, "s3a:")}, or raw:PATH for the stack's own bucket`;
    default:
      return "name a file here, raw:PATH in the stack's bucket, or s3a://, gs:// or abfss://";
  }
  const isFolder = isUri(path) && path.endsWith("/");
  return table && formatOf(path) === undefined && !isFolder
    ? `use a file that ends in ${formats.join(", ")}, or a folder of them in a bucket: raw:PATH/`
    : undefined;
}

/**
 * Looks at the beginning of a local file before anything is changed: that the job can read it, and that it names the
 * columns that the job needs. Columns of Parquet, whose schema stands at its end, are left to the job.
 *
 * @param columns of a table; any file unless given
 */
export function checkInputFile(
  path: string,
  file: string,
  columns?: readonly string[],
  encoding?: Encoding,
): readonly Problem[] {
  const report = (remedy: string) => [{ path, value: file, remedy }];
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return report("no such file; name one that exists");
  if (!stat.isFile())
    return report(
      "is a folder; name one file, or put the folder into the stack's bucket and name it raw:PATH/",
    );
  if (columns === undefined) return [];
  try {
    check(file, columns, encoding);
    return [];
  } catch (error) {
    if (error instanceof InputError) return report(`the file ${error.message}`);
    throw error;
  }
}

function check(
  file: string,
  columns: readonly string[],
  encoding: Encoding | undefined,
): void {
  const format = formatOf(file);
  const bytes = readHead(file);
  if (bytes.length === 0) throw new InputError(empty);
  if (format === undefined) return;
  if (format === ".parquet") {
    if (bytes.subarray(0, 4).toString("latin1") !== "PAR1")
      throw new InputError("is not Parquet; write it again");
    return;
  }
  const isCsv = format.startsWith(".csv");
  if (!isCsv && encoding !== undefined && encoding !== "utf-8")
    throw new InputError("is JSON, which is UTF-8; leave the encoding out");
  const head = decode(file, bytes, encoding);
  requireColumns(isCsv ? csvHeader(head) : jsonNames(head), columns);
}

function requireColumns(
  present: readonly string[],
  wanted: readonly string[],
): void {
  const missing = wanted.filter((column) => !present.includes(column));
  if (missing.length > 0)
    throw new InputError(
      `lacks ${missing.join(", ")}; it has ${present.join(", ")}; name its columns`,
    );
  const twice = wanted.find(
    (column) => present.filter((name) => name === column).length > 1,
  );
  if (twice !== undefined)
    throw new InputError(`has two columns ${twice}; rename one of them`);
}

function readHead(file: string): Buffer {
  const descriptor = fs.openSync(file, "r");
  try {
    const buffer = Buffer.alloc(headBytes);
    return buffer.subarray(
      0,
      fs.readSync(descriptor, buffer, 0, buffer.length, 0),
    );
  } finally {
    fs.closeSync(descriptor);
  }
}
