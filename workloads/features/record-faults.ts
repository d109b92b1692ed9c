import type { Contract, Field } from "./contract";

/** Outcome of a record in a stream. */
export interface JudgedRecord {
  /** Why it would be a dead letter; none where it is accepted. */
  readonly faults: readonly string[];
  /** Fields that would be emptied or filled. */
  readonly repaired: readonly string[];
}

/**
 * Judges a record as `stream/validation.py` does, in its words, without Spark: what is accepted here is accepted there.
 * It is stricter in what only Spark's casts take, such as times with the name of a zone.
 */
export function judgeRecord(contract: Contract, line: string): JudgedRecord {
  const texts = textsOf(line);
  if (texts === undefined)
    return { faults: ["not a JSON object"], repaired: [] };
  if (texts === "not UTF-8") return { faults: [texts], repaired: [] };
  const faults: string[] = [];
  const repaired: string[] = [];
  for (const [name, field] of Object.entries(contract.fields)) {
    const fault = fieldFault(field, texts.get(name));
    if (fault === undefined) continue;
    if (field.otherwise === "reject") faults.push(`${name}: ${fault}`);
    else repaired.push(name);
  }
  return { faults, repaired };
}

/** Values of a JSON object as text, numbers as they are written; undefined where the line is none. */
function textsOf(
  line: string,
): ReadonlyMap<string, string> | "not UTF-8" | undefined {
  // A number that is parsed has lost how it was written: 1.0 is no long, and a long has up to 19 digits.
  const quoted = line.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
  if (depthOf(quoted) > deepest) return undefined;
  try {
    JSON.parse(line);
    const value: unknown = JSON.parse(quoted);
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return undefined;
    // Halves of surrogate pairs, which no UTF-8 has: only those are written as escapes.
    if (/(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(JSON.stringify(value)))
      return "not UTF-8";
    return new Map(
      Object.entries(value as Record<string, unknown>).flatMap(
        ([name, each]) =>
          each === null
            ? []
            : [[name, typeof each === "string" ? each : JSON.stringify(each)]],
      ),
    );
  } catch {
    return undefined;
  }
}

/** Levels of a JSON text; Spark's parser takes 1,000, with the one that the stream puts around it. */
const deepest = 990;

function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth -= 1;
    most = Math.max(most, depth);
  }
  return most;
}

const forms: Readonly<Record<Exclude<Field["type"], "string">, RegExp>> = {
  long: /^\s*[+-]?\d{1,19}\s*$/,
  double: /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/,
  boolean: /^(true|false)$/,
  // Spark takes a zone after seconds alone.
  timestamp:
    /^\d{4}-\d{2}-\d{2}[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?)?$/,
};

const earliest = "1900-01-01T00:00:00Z";

function fieldFault(
  field: Field,
  text: string | undefined,
): string | undefined {
  const { type, required, pattern } = field;
  const blank = text?.trim() === "" && (type !== "string" || required);
  if (text === undefined || blank) return required ? "missing" : undefined;
  if (type !== "string" && !isOf(type, text)) return `not a ${type}`;
  if (type === "double" && Math.abs(Number(text)) === Infinity)
    return "out of the range of a double";
  if (type === "timestamp" && timeOf(text) < Date.parse(earliest))
    return `before ${earliest}`;
  if (field.oneOf && !field.oneOf.some((each) => isSame(each, type, text)))
    return "not one of the allowed values";
  if (field.min !== undefined && compared(type, text, field.min) < 0)
    return `below ${field.min}`;
  if (field.max !== undefined && compared(type, text, field.max) > 0)
    return `above ${field.max}`;
  if (pattern !== undefined && !new RegExp(pattern).test(text))
    return "not of the declared form";
  return undefined;
}

function isOf(type: Exclude<Field["type"], "string">, text: string): boolean {
  if (!forms[type].test(text)) return false;
  if (type === "long") {
    const value = BigInt(text.trim().replace(/^\+/, ""));
    return value === BigInt.asIntN(64, value);
  }
  return type !== "timestamp" || !Number.isNaN(timeOf(text));
}

/** Milliseconds of a time, which is in UTC unless it says otherwise; not a number where there is no such day. */
function timeOf(text: string): number {
  const [day, time] = [text.slice(0, 10), text.slice(11)];
  const midnight = Date.parse(day);
  // Date.parse may take the 30th of February for a day in March.
  if (
    Number.isNaN(midnight) ||
    new Date(midnight).toISOString().slice(0, 10) !== day
  )
    return NaN;
  const zoned = /(Z|[+-]\d{2}:\d{2})$/.test(time) ? time : `${time}Z`;
  return Date.parse(`${day}T${zoned}`);
}

function compared(
  type: Field["type"],
  text: string,
  limit: number | string,
): number {
  if (type === "timestamp") return timeOf(text) - Date.parse(String(limit));
  if (type === "double") return Number(text) - Number(limit);
  // Beyond 2^53, a number is not exact.
  const difference = BigInt(text.trim().replace(/^\+/, "")) - BigInt(limit);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function isSame(
  value: string | number | boolean,
  type: Field["type"],
  text: string,
): boolean {
  if (type === "string") return value === text;
  if (type === "boolean") return String(value) === text;
  return compared(type, text, value as string | number) === 0;
}
