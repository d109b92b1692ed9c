import * as zlib from "node:zlib";

/** Why a file is refused, and what to do: a sentence whose subject is the file, the same as in `jobs/input_file.py`. */
export class InputError extends Error {}

/** The beginning of a file, and whether it is all of it. */
export interface Head {
  readonly text: string;
  readonly whole: boolean;
}

/** Bytes of a file, decompressed, by which it is judged. */
export const headBytes = 1 << 16;

/** Message for a file without bytes, or without an event. */
export const empty = "is empty; an input needs at least one event";
const oneALine = "write one object a line, as `jq -c` does";
const brokenQuote =
  "has a quote that is not closed, or one inside quotes that is not doubled; quote as RFC 4180 does";

/**
 * The text of a file's first bytes as they lie on disk.
 *
 * @throws {InputError} where they are not what the file's name and the declared encoding say
 */
export function decode(name: string, bytes: Buffer, encoding?: string): Head {
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const all = bytes.length < headBytes;
  if (!name.toLowerCase().endsWith(".gz")) {
    if (zipped)
      throw new InputError(
        "is gzip and is not named so; name it with .gz at its end",
      );
    return { text: textOf(bytes, encoding, all), whole: all };
  }
  if (!zipped)
    throw new InputError(
      "is named .gz and is not gzip; compress it, or name it without .gz",
    );
  const unzipped = unzip(bytes, all);
  const whole = all && unzipped.length <= headBytes;
  const head = unzipped.subarray(0, headBytes);
  return { text: textOf(head, encoding, whole), whole };
}

/** Names of the columns of a CSV file, without blanks around them. */
export function csvHeader({ text, whole }: Head): string[] {
  const { rows, broken } = parseCsv(text);
  if (broken && whole) throw new InputError(brokenQuote);
  const [header] = rows;
  if (header === undefined) throw new InputError(empty);
  if (whole && rows.length === 1)
    throw new InputError(
      "holds no rows; an input needs a header and at least one event",
    );
  return header.map((name) => name.trim());
}

/** Names that the objects of a JSON-lines file have; an object may leave out what another has. */
export function jsonNames({ text, whole }: Head): string[] {
  if (text.trimStart().startsWith("["))
    throw new InputError(`is a JSON array; ${oneALine}`);
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
  const [first] = lines;
  if (first === undefined) throw new InputError(empty);
  const entire = whole || lines.length === 1 ? lines : lines.slice(0, -1);
  const objects = entire.map(objectOf).filter((found) => found !== undefined);
  if (
    objects.length === 0 &&
    (whole || lines.length > 1 || holdsSeveral(first))
  ) {
    const what = entire.some(holdsSeveral)
      ? "holds several JSON objects in a line"
      : "holds no line that is a JSON object";
    throw new InputError(`${what}; ${oneALine}`);
  }
  return [...new Set(objects.flatMap((found) => Object.keys(found)))];
}

function objectOf(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a line begins with an object and another follows. */
function holdsSeveral(line: string): boolean {
  const text = line.trim();
  for (let end = text.indexOf("}"); end >= 0; end = text.indexOf("}", end + 1))
    if (objectOf(text.slice(0, end + 1)) !== undefined)
      return /^[ ,]*\{/.test(text.slice(end + 1));
  return false;
}

/** RFC 4180: a quoted cell may hold commas, line breaks and doubled quotes. Lines without a cell are no rows. */
function parseCsv(text: string): { rows: string[][]; broken: boolean } {
  const rows: string[][] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n][^,\r\n]*)?)(,|\r\n|\r|\n|$)/y;
  let row: string[] = [];
  while (cell.lastIndex < text.length) {
    const found = cell.exec(text);
    if (found === null) return { rows, broken: true };
    const [, quoted, plain = "", end] = found;
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "," && cell.lastIndex < text.length) continue;
    if (end === ",") row.push("");
    if (row.length > 1 || found[0] !== end) rows.push(row);
    row = [];
  }
  return { rows, broken: false };
}

function unzip(bytes: Buffer, whole: boolean): Buffer {
  try {
    const finishFlush = whole
      ? zlib.constants.Z_FINISH
      : zlib.constants.Z_SYNC_FLUSH;
    const text = zlib.gunzipSync(bytes, { finishFlush });
    if (text.length === 0) throw new InputError(empty);
    return text;
  } catch (error) {
    if (error instanceof InputError) throw error;
    const early = error instanceof Error && error.message.includes("end of");
    throw new InputError(
      `is gzip that ${early ? "ends too early" : "is damaged"}; copy it again`,
    );
  }
}

function textOf(
  bytes: Buffer,
  encoding: string | undefined,
  whole: boolean,
): string {
  const mark = bytes.subarray(0, 2).toString("hex");
  const isUtf16 = mark === "fffe" || mark === "feff";
  if (encoding === undefined || encoding === "utf-8") {
    if (isUtf16)
      throw new InputError("is UTF-16; give its encoding, or save it as UTF-8");
    if (bytes.includes(0))
      throw new InputError(
        "holds zero bytes, as UTF-16 does; give its encoding, or save it as UTF-8",
      );
    try {
      // As a stream, since the last character of a head may be cut in two.
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes, {
        stream: !whole,
      });
    } catch {
      throw new InputError(
        "is not UTF-8; give its encoding, such as windows-1252, or save it as UTF-8",
      );
    }
  }
  if (encoding === "utf-16" && !isUtf16)
    throw new InputError(
      "is not UTF-16 with a byte-order mark; leave the encoding out",
    );
  const label = mark === "feff" ? "utf-16be" : encoding;
  return new TextDecoder(label).decode(bytes, { stream: true });
}
