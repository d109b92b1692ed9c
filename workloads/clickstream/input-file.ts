import * as fs from "node:fs";
import * as zlib from "node:zlib";

import type { Problem } from "../../infra/problem";

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

/** Format of a file by its ending; undefined when it is none of {@link formats}. */
export function formatOf(path: string): (typeof formats)[number] | undefined {
  return formats.find((ending) => path.endsWith(ending));
}

/** Whether a path names an object in a bucket rather than a file here. */
export function isUri(path: string): boolean {
  return /^[a-z0-9+]+:\/\//.test(path);
}

/**
 * Looks at a local file before anything is changed: that it is there, holds something, and names the
 * columns that the job needs. Columns of Parquet, whose schema stands at its end, are left to the job.
 */
export function checkInputFile(
  path: string,
  file: string,
  columns: readonly string[],
): readonly Problem[] {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) {
    return [
      { path, value: file, remedy: "no such file; name one that exists" },
    ];
  }
  if (!stat.isFile() || stat.size === 0) {
    return [
      { path, value: file, remedy: "the file is empty; name one with events" },
    ];
  }
  const present = columnsOf(file);
  if (present === undefined) return [];
  const missing = columns.filter((column) => !present.includes(column));
  return missing.length === 0
    ? []
    : [
        {
          path,
          value: file,
          remedy: `the file lacks ${missing.join(", ")}; it has ${present.join(", ")}; name its columns under input.columns`,
        },
      ];
}

function columnsOf(file: string): string[] | undefined {
  const format = formatOf(file);
  if (format === undefined || format === ".parquet") return undefined;
  const lines = firstLines(file);
  return format.startsWith(".csv")
    ? (lines[0] ?? "")
        .split(",")
        .map((column) => column.trim().replace(/^"(.*)"$/, "$1"))
    : [...new Set(lines.flatMap(jsonKeys))];
}

function jsonKeys(line: string): string[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null
      ? Object.keys(value)
      : [];
  } catch {
    return [];
  }
}

/** Whole lines in the first 64 KiB, since an object of JSON lines may leave out what another has. */
function firstLines(file: string): string[] {
  const head = readHead(file, 1 << 16);
  const text = file.endsWith(".gz")
    ? zlib
        .gunzipSync(head, { finishFlush: zlib.constants.Z_SYNC_FLUSH })
        .toString("utf8")
    : head.toString("utf8");
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  return lines.length > 1 ? lines.slice(0, -1) : lines;
}

function readHead(file: string, bytes: number): Buffer {
  const descriptor = fs.openSync(file, "r");
  try {
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, fs.readSync(descriptor, buffer, 0, bytes, 0));
  } finally {
    fs.closeSync(descriptor);
  }
}
