import { z } from "zod";

import type { Problem } from "../../infra/problem";
import { hudiSettings, tableSchema } from "./table";

const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: "write a text, a number, true or false",
});

/** Names that are columns of Hudi, Spark and SQL alike without quoting. */
export const columnName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,62}$/,
    "use lower-case letters, digits and underscores, starting with a letter",
  );

const numberOrInstant =
  "write a number, or an instant in UTC such as 2026-11-01T00:00:00Z";

const limit = z.union([z.number(), z.iso.datetime(numberOrInstant)], {
  error: numberOrInstant,
});

const fieldSchema = z.strictObject({
  type: z
    .enum(["string", "long", "double", "boolean", "timestamp"])
    .describe("Type of its values"),
  required: z
    .boolean()
    .default(false)
    .describe(
      "Whether a record without it violates the contract; an optional field may be added to a contract at any time",
    ),
  oneOf: z
    .array(scalar)
    .min(1)
    .optional()
    .describe("Allowed values; any unless given"),
  min: limit.optional().describe("Minimum: a number, or an ISO instant"),
  max: limit.optional().describe("Maximum: a number, or an ISO instant"),
  pattern: z
    .string()
    .regex(/^\^[^]*\$$/, "anchor it: begin with ^ and end with $")
    .refine(isExpression, "it is no regular expression; correct it")
    .optional()
    .describe(
      "Regular expression that the whole value must match, anchored by ^ and $",
    ),
  otherwise: z
    .union(
      [
        z.enum(["reject", "drop"]),
        z.strictObject({
          default: scalar.describe("Replacement value"),
        }),
      ],
      { error: "write reject, drop or { default: VALUE }" },
    )
    .default("reject")
    .describe(
      "Action if a value breaks a rule: the record becomes a dead letter (reject), the field becomes null (drop), or the value is replaced",
    ),
});

/** One field of a stream's records. */
export type Field = z.output<typeof fieldSchema>;

/** Contract of a stream: its records, and their table. */
export const contractSchema = z.strictObject({
  name: columnName.describe("Name of the table"),
  version: z
    .number()
    .int()
    .min(1)
    .describe(
      "Version, increased with every change, so that a dead letter identifies the rules that it broke",
    ),
  owner: z.string().min(1).describe("Team that owns it"),
  description: z.string().min(1).describe("Description of an event"),
  key: z
    .array(columnName)
    .min(1)
    .describe(
      "Fields that identify an event: records with equal values are the same event",
    ),
  eventTime: columnName.describe(
    "Field with the event time; its day is the partition. A correction may move an event to another day",
  ),
  orderBy: columnName
    .default("kafka_time")
    .describe(
      "Ordering field: of two records with the same key, the one with the greater value is kept; kafka_time is the time at which the topic received the record",
    ),
  maxAheadHours: z
    .number()
    .positive()
    .max(87_600)
    .default(24)
    .describe(
      "Hours that an event time may be ahead of the time at which the topic received the record; beyond that, the record is a dead letter",
    ),
  movesWithinDays: z
    .number()
    .int()
    .min(0)
    .max(36_500)
    .default(1)
    .describe(
      "Days by which a correction may move an event; for each of them a batch reads the keys of a day, and for 0 none",
    ),
  deletes: z
    .strictObject({
      field: columnName.describe("Field that marks a deletion"),
      in: z
        .array(scalar)
        .min(1)
        .describe("Values of the field that mark a deletion"),
    })
    .optional()
    .describe("For a change stream: mark of records that delete their event"),
  additional: z
    .enum(["ignore", "keep"])
    .default("ignore")
    .describe("Whether undeclared fields become text columns"),
  fields: z
    .record(columnName, fieldSchema)
    .refine((fields) => Object.keys(fields).length > 0, "declare a field")
    .describe("Fields of a record by name"),
  table: tableSchema.prefault({}).describe("Layout of the table"),
});

/** A checked declaration. */
export type Contract = z.output<typeof contractSchema>;

/** Columns that ingestion adds, which a field may not be called. */
const reserved = ["kafka_time", "event_date"];

/** Conflicts within a contract. */
export function checkContract(path: string, contract: Contract): Problem[] {
  const { fields } = contract;
  const problems: Problem[] = [];
  const report = (at: string, value: unknown, remedy: string) =>
    problems.push({ path: `${path}.${at}`, value, remedy });
  const names = Object.keys(fields).join(", ");

  contract.key.forEach((name, at) => {
    if (fields[name] === undefined)
      report(`key[${at}]`, name, `no such field; choose among ${names}`);
    else if (!fields[name].required)
      report(`key[${at}]`, name, "write required: true at the field");
  });
  const time = fields[contract.eventTime];
  if (time?.type !== "timestamp" || !time.required)
    report("eventTime", contract.eventTime, "name a required timestamp field");
  if (contract.orderBy !== "kafka_time" && !fields[contract.orderBy]?.required)
    report("orderBy", contract.orderBy, "name a required field, or kafka_time");
  const { deletes } = contract;
  if (deletes !== undefined && !fits(fields[deletes.field], deletes.in))
    report(
      "deletes",
      deletes,
      "name a field that is declared, and values of its type",
    );
  contract.table.sortBy.forEach((column, at) => {
    if (!(column in fields))
      report(`table.sortBy[${at}]`, column, `choose among ${names}`);
  });
  for (const [name, field] of Object.entries(fields)) {
    if (reserved.includes(name) || name.startsWith("_"))
      report(
        `fields.${name}`,
        name,
        "ingestion uses this name; choose another",
      );
    for (const [key, remedy] of fieldProblems(field))
      report(`fields.${name}.${key}`, field[key], remedy);
  }
  return problems;
}

/** A contract as the ingestion job reads it: its rules, and Hudi's settings of its table. */
export function contractSpec(contract: Contract) {
  const { name, version, key, eventTime, orderBy, fields } = contract;
  const { maxAheadHours, movesWithinDays, deletes, additional } = contract;
  return {
    name,
    version,
    key,
    eventTime,
    orderBy,
    maxAheadHours,
    movesWithinDays,
    ...(deletes === undefined ? {} : { deletes }),
    additional,
    fields,
    hudi: hudiSettings(contract.table, {
      key,
      // A row is found by its day in any case.
      ...(key.some((name) => fields[name]?.type === "string")
        ? { keyEnd: "event_date" }
        : {}),
      partition: "event_date",
      ordering: orderBy,
    }),
  };
}

/** Conflicts within a field: the key, and its remedy. */
function fieldProblems(field: Field): [keyof Field, string][] {
  const { type, min, max, oneOf, pattern, otherwise } = field;
  const limited = ["long", "double", "timestamp"].includes(type);
  const problems: [keyof Field, string][] = [];
  for (const key of ["min", "max"] as const) {
    const value = field[key];
    if (value === undefined) continue;
    if (!limited)
      problems.push([
        key,
        "only a number or a timestamp has limits; remove it",
      ]);
    else if (!fits(field, [value]))
      problems.push([key, `write it as a ${type}`]);
  }
  if (problems.length === 0 && isAbove(min, max))
    problems.push(["min", `write ${String(max)}, its max, or less`]);
  if (!fits(field, oneOf ?? []))
    problems.push(["oneOf", `write every value of oneOf as a ${type}`]);
  if (pattern !== undefined && type !== "string")
    problems.push(["pattern", "give a pattern to a string only"]);
  if (field.required && otherwise !== "reject")
    problems.push([
      "otherwise",
      "a required field is rejected; make it optional, or leave otherwise out",
    ]);
  if (typeof otherwise === "object" && !fits(field, [otherwise.default]))
    problems.push(["otherwise", `write the default as a ${type}`]);
  return problems;
}

function isAbove(min: Field["min"], max: Field["max"]): boolean {
  return typeof min === "string" && typeof max === "string"
    ? Date.parse(min) > Date.parse(max)
    : typeof min === "number" && typeof max === "number" && min > max;
}

function isExpression(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

/** Whether values are of the type of a field; none are where there is no such field. */
function fits(
  field: Field | undefined,
  values: readonly (string | number | boolean)[],
): boolean {
  return values.every((value) => {
    switch (field?.type) {
      case "long":
        return Number.isInteger(value);
      case "double":
        return typeof value === "number";
      case "boolean":
        return typeof value === "boolean";
      case "string":
        return typeof value === "string";
      case "timestamp":
        return typeof value === "string" && !Number.isNaN(Date.parse(value));
      case undefined:
        return false;
    }
  });
}
