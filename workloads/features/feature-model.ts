import { z } from "zod";

import type { Problem } from "../../infra/problem";
import { columnName, type Contract } from "./contract";
import { cronLine } from "./cron-line";
import {
  featureColumns,
  fitsItsField,
  numberColumns,
  tableName,
  type FeatureView,
} from "./feature-view";

const positiveSchema = z.union(
  [
    z
      .strictObject({
        field: columnName.describe("Field of text"),
        in: z.array(z.string()).min(1).describe("Values of a positive example"),
      })
      .describe("By the value of a text field"),
    z
      .strictObject({
        field: columnName.describe("Field of numbers"),
        above: z.number().describe("Threshold: greater values are positive"),
      })
      .describe("By the value of a numeric field"),
  ],
  { error: "write { field, in: [TEXT] } or { field, above: NUMBER }" },
);

const driftSchema = z.strictObject({
  schedule: cronLine.default("45 3 * * *").describe("Cron line, in UTC"),
  limit: z
    .number()
    .positive()
    .default(0.25)
    .describe(
      "Limit of a column's population stability index: below 0.1 it is stable, above 0.25 the distribution has changed",
    ),
  limits: z
    .record(columnName, z.number().positive())
    .prefault({})
    .describe("Limits of single columns, and of the model's `score`"),
  windowHours: z
    .number()
    .int()
    .min(1)
    .max(24 * 366)
    .default(24 * 7)
    .describe(
      "Hours before the newest example; examples that began within them are compared",
    ),
  leastExamples: z
    .number()
    .int()
    .min(1)
    .default(500)
    .describe(
      "Minimum number of examples; with fewer, the index is not significant",
    ),
});

/** A model that learns what becomes of an example from what a view knew of its entity when the example began. */
export const featureModelSchema = z.strictObject({
  name: columnName.describe("Name of its folder among the models"),
  owner: z.string().min(1).describe("Team that owns it"),
  description: z.string().min(1).describe("Description of the prediction"),
  source: columnName.describe(
    "Name of the contract whose events form the examples",
  ),
  example: columnName.describe(
    "Field that identifies an example, which begins with its first event",
  ),
  positive: positiveSchema.describe("Events that make an example positive"),
  view: columnName.describe(
    "Name of a view with trailing windows, whose entity is a field of the source",
  ),
  columns: z
    .array(columnName)
    .min(1)
    .optional()
    .describe("Feature columns; all numeric ones of the view unless given"),
  drift: driftSchema
    .optional()
    .describe(
      "Limits and schedule of drift; {} takes the defaults, and without it drift is not measured. A model that exceeds a limit is retrained",
    ),
});

/** A checked declaration. */
export type FeatureModel = z.output<typeof featureModelSchema>;

/** Conflicts between models, views, sources and the stack's teams. */
export function checkFeatureModels(
  path: string,
  models: readonly FeatureModel[],
  views: readonly FeatureView[],
  contracts: readonly Contract[],
  teams: readonly string[] | undefined,
): Problem[] {
  const taken = new Set<string>();
  return models.flatMap((model, at) => {
    const problems: Problem[] = [];
    const report = (key: string, value: unknown, remedy: string) =>
      problems.push({ path: `${path}[${at}].${key}`, value, remedy });
    if (taken.has(model.name))
      report("name", model.name, "another model has this name; choose another");
    taken.add(model.name);
    if (teams !== undefined && !teams.includes(model.owner))
      report("owner", model.owner, `choose one of ${teams.join(", ")}`);
    const source = contracts.find(({ name }) => name === model.source);
    const trailing = views.filter(({ window }) => window.kind === "trailing");
    const view = trailing.find((each) => tableName(each) === model.view);
    if (view === undefined) {
      const known = trailing.map(tableName).join(", ");
      report("view", model.view, `choose a view that trails: ${known}`);
    }
    if (source === undefined) {
      const known = contracts.map(({ name }) => name).join(", ");
      report("source", model.source, `choose one of ${known}`);
      return problems;
    }
    if (source.fields[model.example]?.required !== true)
      report("example", model.example, "name a required field of the source");
    if (view?.entity === model.example)
      report(
        "example",
        model.example,
        "name another field than the view's entity",
      );
    const { positive } = model;
    if (!fitsItsField(positive, source.fields))
      report(
        "positive.field",
        positive.field,
        `name a ${"in" in positive ? "string" : "number"} field of ${source.name}`,
      );
    if (view !== undefined) {
      const known = featureColumns(view);
      const numbers = numberColumns(view, source);
      (model.columns ?? []).forEach((column, index) => {
        if (!numbers.includes(column))
          report(
            `columns[${index}]`,
            column,
            known.includes(column)
              ? `is no number; choose among ${numbers.join(", ")}`
              : `choose among ${numbers.join(", ")}`,
          );
      });
      const measured = [...(model.columns ?? numbers), "score"];
      for (const column of Object.keys(model.drift?.limits ?? {})) {
        if (!measured.includes(column))
          report(
            `drift.limits.${column}`,
            column,
            `choose among ${measured.join(", ")}`,
          );
      }
    }
    return problems;
  });
}

/** A model as its job reads it. */
export function featureModelSpec(
  model: FeatureModel,
  views: readonly FeatureView[],
  source: Contract,
) {
  const view = views.find((each) => tableName(each) === model.view);
  // The check has found it; see checkFeatureModels.
  if (view === undefined) throw new Error(`there is no view ${model.view}`);
  const {
    name,
    example,
    positive,
    columns = numberColumns(view, source),
  } = model;
  return {
    name,
    source: source.name,
    eventTime: source.eventTime,
    example,
    positive,
    view: tableName(view),
    entity: view.entity,
    columns,
  };
}
