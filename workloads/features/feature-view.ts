import { z } from "zod";

import type { Problem } from "../../infra/problem";
import { columnName, type Contract, type Field } from "./contract";
import { cronLine } from "./cron-line";
import { hudiSettings, keyEnd, tableSchema } from "./table";

const bound = z.number().optional();

const whereSchema = z.union(
  [
    z
      .strictObject({
        field: columnName.describe("Field of text"),
        in: z.array(z.string()).min(1).describe("Values of the field"),
      })
      .describe("By the value of a text field"),
    z
      .strictObject({
        field: columnName.describe("Field of numbers"),
        above: bound.describe("Lower bound, exclusive"),
        below: bound.describe("Upper bound, exclusive"),
      })
      .refine(
        ({ above, below }) => above !== undefined || below !== undefined,
        {
          error: "write above or below, such as above: 100",
        },
      )
      .describe("By the value of a numeric field"),
  ],
  {
    error: "write { field, in: [TEXT] }, or { field, above: NUMBER }",
  },
);

const featureSchema = z.strictObject({
  description: z.string().min(1).describe("Description of the feature"),
  aggregate: z
    .enum([
      ...(["count", "sum", "min", "max", "mean", "stddev"] as const),
      ...(["first", "last", "distinct"] as const),
    ])
    .describe(
      "Aggregate function; first and last are by event time, stddev is that of a sample",
    ),
  of: columnName.optional().describe("Field to aggregate; a count has none"),
  where: whereSchema
    .optional()
    .describe(
      "Only events in which a field has one of some values, or a number between bounds",
    ),
});

/** One feature: an aggregate of an entity's events. */
export type Feature = z.output<typeof featureSchema>;

/** Over which of an entity's events a feature is taken. */
const windowSchema = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z
        .literal("whole")
        .describe("All events: one row per entity, as of its last event"),
    })
    .describe("All events: one row per entity, as of its last event"),
  z
    .strictObject({
      kind: z
        .literal("trailing")
        .describe(
          "The events of the hours before an instant: one row per full hour at which a value changes",
        ),
      hours: z
        .array(
          z
            .number()
            .int()
            .min(1)
            .max(24 * 90),
        )
        .min(1)
        .refine(
          (hours) =>
            hours.every((each, at) => at === 0 || each > (hours[at - 1] ?? 0)),
          "write ascending numbers of hours",
        )
        .describe("Hours of each window, ascending; each gives a column"),
    })
    .describe(
      "The events of the hours before an instant: one row per full hour at which a value changes",
    ),
]);

/** Features of one entity from one stream. */
export const featureViewSchema = z.strictObject({
  name: columnName.describe("Name of the table"),
  version: z
    .number()
    .int()
    .min(1)
    .describe(
      "Version, increased when a feature's meaning changes; from 2 on it is part of the table's name",
    ),
  owner: z.string().min(1).describe("Team that owns it"),
  description: z.string().min(1).describe("Description of the features"),
  source: columnName.describe(
    "Name of the contract whose events it is computed from",
  ),
  entity: columnName.describe("Field that identifies the entity"),
  knownAt: columnName
    .optional()
    .describe(
      "Field with the time at which an event became known, if later than the event time: a timestamp, or minutes after the event time. Features of an earlier time do not include the event",
    ),
  delayMinutes: z
    .number()
    .int()
    .min(0)
    .max(7 * 24 * 60)
    .default(0)
    .describe(
      "Minutes from the end of a window until its row is available: the delay of the schedule and the job",
    ),
  window: windowSchema.describe(
    "Events of an entity that a feature aggregates",
  ),
  features: z
    .record(columnName, featureSchema)
    .refine((features) => Object.keys(features).length > 0, "declare a feature")
    .describe("Features by name"),
  schedule: cronLine
    .optional()
    .describe(
      "Cron line of its job, in UTC; without it, the job runs with `up`",
    ),
  table: tableSchema.prefault({}).describe("Layout of the table"),
});

/** A checked declaration. */
export type FeatureView = z.output<typeof featureViewSchema>;

/** Time that a row holds from: no event at or after it has a part in the row. */
export const validFrom = "valid_from";

/** Longest value of a Kubernetes label. */
const longestTableName = 63;

/** Name of the table of a view. */
export function tableName({ name, version }: FeatureView): string {
  return version === 1 ? name : `${name}_v${version}`;
}

/** Columns of a view's features: one for each window that trails. */
export function featureColumns({ features, window }: FeatureView): string[] {
  return Object.keys(features).flatMap((name) =>
    window.kind === "whole"
      ? [name]
      : window.hours.map((hours) => `${name}_${windowName(hours)}`),
  );
}

/** A window as people say it: `1h`, `1d`, `7d`. */
export function windowName(hours: number): string {
  return hours % 24 === 0 ? `${hours / 24}d` : `${hours}h`;
}

/** Conflicts between views, their sources and the stack's teams. */
export function checkFeatureViews(
  path: string,
  views: readonly FeatureView[],
  contracts: readonly Contract[],
  teams: readonly string[] | undefined,
): Problem[] {
  const taken = new Set(contracts.map(({ name }) => name));
  return views.flatMap((view, at) => {
    const problems: Problem[] = [];
    const report = (key: string, value: unknown, remedy: string) =>
      problems.push({ path: `${path}[${at}].${key}`, value, remedy });
    const table = tableName(view);
    if (taken.has(table))
      report("name", table, "another table has this name; choose another");
    if (table.length > longestTableName)
      report(
        "name",
        table,
        `write a name whose table's has ${longestTableName} characters or fewer: it is a label of jobs`,
      );
    taken.add(table);
    if (teams !== undefined && !teams.includes(view.owner))
      report("owner", view.owner, `choose one of ${teams.join(", ")}`);
    const source = contracts.find(({ name }) => name === view.source);
    if (source === undefined) {
      const known = contracts.map(({ name }) => name).join(", ");
      report("source", view.source, `choose one of ${known}`);
      return problems;
    }
    if (source.fields[view.entity]?.required !== true)
      report("entity", view.entity, `name a required field of ${source.name}`);
    const known =
      view.knownAt === undefined ? undefined : source.fields[view.knownAt];
    if (
      view.knownAt !== undefined &&
      !["timestamp", "long", "double"].includes(known?.type ?? "")
    )
      report(
        "knownAt",
        view.knownAt,
        `name a timestamp of ${source.name}, or a number of minutes after ${source.eventTime}`,
      );
    for (const [name, feature] of Object.entries(view.features)) {
      for (const [key, value, remedy] of featureProblems(feature, view, source))
        report(`features.${name}.${key}`, value, remedy);
    }
    return problems;
  });
}

/** Type of a feature's columns, in the words of a contract. */
export function featureType(
  { aggregate, of }: Feature,
  { fields }: Contract,
): Field["type"] {
  switch (aggregate) {
    case "count":
    case "distinct":
      return "long";
    case "mean":
    case "stddev":
      return "double";
    case "sum":
    case "min":
    case "max":
    case "first":
    case "last":
      return fields[of ?? ""]?.type ?? "double";
  }
}

/** Columns of a view whose values are numbers. */
export function numberColumns(view: FeatureView, source: Contract): string[] {
  const numbers = Object.entries(view.features).filter(([, feature]) =>
    ["long", "double"].includes(featureType(feature, source)),
  );
  return featureColumns({ ...view, features: Object.fromEntries(numbers) });
}

/** A view as its job reads it: what to compute from which table, and Hudi's settings of the one it writes. */
export function featureViewSpec(view: FeatureView, source: Contract) {
  const { version, entity, knownAt, delayMinutes, window, features } = view;
  const partitioned = window.kind === "trailing";
  return {
    name: tableName(view),
    version,
    source: source.name,
    eventTime: source.eventTime,
    entity,
    ...(knownAt === undefined
      ? {}
      : {
          knownAt: {
            field: knownAt,
            minutes: source.fields[knownAt]?.type !== "timestamp",
          },
        }),
    delayMinutes,
    window,
    features,
    hudi: hudiSettings(view.table, {
      ...(partitioned
        ? { key: [entity, validFrom], partition: "valid_date" }
        : {
            key: [entity],
            ...(source.fields[entity]?.type === "string" ? { keyEnd } : {}),
          }),
    }),
  };
}

/** Whether a condition's field has the type that it compares: a text with values, a number with bounds. */
export function fitsItsField(
  condition: { readonly field: string; readonly in?: unknown },
  fields: Contract["fields"],
): boolean {
  const type = fields[condition.field]?.type ?? "";
  return condition.in === undefined
    ? ["long", "double"].includes(type)
    : type === "string";
}

/** Conflicts within a feature: the key, its value and the remedy. */
function featureProblems(
  { aggregate, of, where }: Feature,
  { window }: FeatureView,
  { name, fields }: Contract,
): [key: string, value: unknown, remedy: string][] {
  const field = of === undefined ? undefined : fields[of];
  const isNumber = field?.type === "long" || field?.type === "double";
  const problems: [string, unknown, string][] = [];
  if (aggregate === "count" && of !== undefined)
    problems.push([
      "of",
      of,
      "a count is of events; leave `of` out, or use distinct",
    ]);
  if (aggregate !== "count" && field === undefined)
    problems.push([
      "of",
      of,
      `choose one of ${Object.keys(fields).join(", ")}`,
    ]);
  const ofNumbers = ["sum", "min", "max", "mean", "stddev"];
  if (ofNumbers.includes(aggregate) && field && !isNumber)
    problems.push(["of", of, `${aggregate} is of a number`]);
  if (aggregate === "distinct" && window.kind === "trailing")
    problems.push([
      "aggregate",
      aggregate,
      "distinct values of hours do not add up; use the window `whole`",
    ]);
  if (where !== undefined && !fitsItsField(where, fields))
    problems.push([
      "where.field",
      where.field,
      `name a ${"in" in where ? "string field" : "field of numbers"} of ${name}`,
    ]);
  return problems;
}
