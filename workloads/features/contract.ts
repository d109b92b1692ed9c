import { z } from "zod";

import type { Problem } from "../../infra/problem";
import { hudiSettings, tableSchema } from "./table";

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** Names that are columns of Hudi, Spark and SQL alike without quoting. */
export const columnName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,62}$/,
    "use lower-case letters, digits and underscores, starting with a letter",
  );

const fieldSchema = z.strictObject({
  type: z.enum(["string", "long", "double", "boolean", "timestamp"]),
  /** Whether a record without it is at fault; an optional field may be added to a contract at any time. */
  required: z.boolean().default(false),
  oneOf: z.array(scalar).min(1).optional(),
  /** Least value: a number, or an ISO instant. */
  min: z.union([z.number(), z.iso.datetime()]).optional(),
  /** Greatest value: a number, or an ISO instant. */
  max: z.union([z.number(), z.iso.datetime()]).optional(),
  /** Regular expression of the whole value, anchored by `^` and `$`. */
  pattern: z.string().startsWith("^").endsWith("$").optional(),
  /**
   * What becomes of a record whose value breaks a rule: it goes to the dead letters (`reject`), the field is emptied
   * (`drop`), or it is filled with a value.
   */
  otherwise: z
    .union([z.enum(["reject", "drop"]), z.strictObject({ default: scalar })])
    .default("reject"),
});

/** One field of a stream's records. */
export type Field = z.output<typeof fieldSchema>;

/** What the records of a stream look like, and the table that they go to. */
export const contractSchema = z.strictObject({
  /** Name of the table. */
  name: columnName,
  /** Raised with every change, so that a dead letter tells which rules it broke. */
  version: z.number().int().min(1),
  owner: z.string().min(1),
  description: z.string().min(1),
  /** Fields that name an event: the same ones again are the same event again. */
  key: z.array(columnName).min(1),
  /** Field of the time at which it happened; its day is the partition, so it never differs between two records of a key. */
  eventTime: columnName,
  /** Of two records with one key the one in which this is greater stays; `kafka_time` is when the topic got it. */
  orderBy: columnName.default("kafka_time"),
  /** Hours that an event may be ahead of the time at which the topic got its record; beyond, it is a dead letter. */
  maxAheadHours: z.number().positive().max(87_600).default(24),
  /** Of a change stream: the field that marks a record as the deletion of its event, and the values that do. */
  deletes: z
    .strictObject({ field: columnName, in: z.array(scalar).min(1) })
    .optional(),
  /** Whether fields that are not declared become columns of text. */
  additional: z.enum(["ignore", "keep"]).default("ignore"),
  fields: z.record(columnName, fieldSchema),
  table: tableSchema.prefault({}),
});

/** A checked declaration. */
export type Contract = z.output<typeof contractSchema>;

/** Columns that ingestion adds, which a field may not be called. */
const reserved = ["kafka_time", "event_date"];

/** What does not fit together in a contract. */
export function checkContract(path: string, contract: Contract): Problem[] {
  const { fields } = contract;
  const problems: Problem[] = [];
  const report = (at: string, value: unknown, remedy: string) =>
    problems.push({ path: `${path}.${at}`, value, remedy });
  const names = Object.keys(fields).join(", ");

  for (const name of contract.key) {
    if (fields[name]?.required !== true)
      report("key", name, "name required fields, or make it required");
  }
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
  for (const column of contract.table.sortBy) {
    if (!(column in fields))
      report("table.sortBy", column, `choose among ${names}`);
  }
  for (const [name, field] of Object.entries(fields)) {
    if (reserved.includes(name) || name.startsWith("_"))
      report(
        `fields.${name}`,
        name,
        "ingestion uses this name; choose another",
      );
    for (const remedy of fieldProblems(field))
      report(`fields.${name}`, name, remedy);
  }
  return problems;
}

/** A contract as the ingestion job reads it: its rules, and Hudi's settings of its table. */
export function contractSpec(contract: Contract) {
  const { name, version, key, eventTime, orderBy, fields } = contract;
  const { maxAheadHours, deletes, additional } = contract;
  return {
    name,
    version,
    key,
    eventTime,
    orderBy,
    maxAheadHours,
    ...(deletes === undefined ? {} : { deletes }),
    additional,
    fields,
    hudi: hudiSettings(contract.table, {
      key,
      partition: "event_date",
      ordering: orderBy,
    }),
  };
}

function fieldProblems(field: Field): string[] {
  const isNumber = field.type === "long" || field.type === "double";
  const limits = [field.min, field.max].filter((limit) => limit !== undefined);
  return [
    ...(fits(field, limits) &&
    (limits.length === 0 || isNumber || field.type === "timestamp")
      ? []
      : ["give min and max to a number or a timestamp, of its own type"]),
    ...(fits(field, field.oneOf ?? [])
      ? []
      : [`write every value of oneOf as a ${field.type}`]),
    ...(field.pattern === undefined || field.type === "string"
      ? []
      : ["give a pattern to a string only"]),
    ...(field.required && field.otherwise !== "reject"
      ? [
          "a required field is rejected; make it optional, or leave otherwise out",
        ]
      : []),
    ...(typeof field.otherwise === "object" &&
    !fits(field, [field.otherwise.default])
      ? [`write the default as a ${field.type}`]
      : []),
  ];
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
