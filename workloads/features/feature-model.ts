import { z } from "zod";

import type { Problem } from "../../infra/problem";
import { columnName, type Contract } from "./contract";
import {
  cronLine,
  featureColumns,
  tableName,
  type FeatureView,
} from "./feature-view";

/** Which events make an example a positive one. */
const positiveSchema = z.union([
  z.strictObject({ field: columnName, in: z.array(z.string()).min(1) }),
  z.strictObject({ field: columnName, above: z.number() }),
]);

/** What counts as drift of a model, and when it is looked for; a model for which it is passed is trained anew. */
const driftSchema = z.strictObject({
  /** Cron line, in UTC. */
  schedule: cronLine.default("45 3 * * *"),
  /** Population stability index of a column above which it has moved: below 0.1 is stable, above 0.25 is another data set. */
  limit: z.number().positive().default(0.25),
  /** Limits of single columns, and of the model's `score`. */
  limits: z.record(columnName, z.number().positive()).prefault({}),
  /** Examples that are looked at: those that began so many hours before the newest, or later. */
  windowHours: z
    .number()
    .int()
    .min(1)
    .max(24 * 366)
    .default(24 * 7),
  /** Fewest examples that say anything: of fewer, chance alone moves the index. */
  leastExamples: z.number().int().min(1).default(500),
});

/** A model that learns what becomes of an example from what a view knew of its entity when the example began. */
export const featureModelSchema = z.strictObject({
  /** Name of its folder among the models. */
  name: columnName,
  /** Team that answers for it. */
  owner: z.string().min(1),
  description: z.string().min(1),
  /** Name of the contract whose events make the examples. */
  source: columnName,
  /** Field that names an example; it begins with its first event. */
  example: columnName,
  positive: positiveSchema,
  /** Name of a view that trails; its entity is a field of the source. */
  view: columnName,
  /** Columns to learn from; all of the view's unless given. */
  columns: z.array(columnName).min(1).optional(),
  /** `{}` looks for drift with the defaults; without it, nobody does. */
  drift: driftSchema.optional(),
});

/** A checked declaration. */
export type FeatureModel = z.output<typeof featureModelSchema>;

/** What does not fit between models, views, sources and the stack's teams. */
export function checkFeatureModels(
  path: string,
  models: readonly FeatureModel[],
  views: readonly FeatureView[],
  contracts: readonly Contract[],
  teams: readonly string[],
): Problem[] {
  const taken = new Set<string>();
  return models.flatMap((model, at) => {
    const problems: Problem[] = [];
    const report = (key: string, value: unknown, remedy: string) =>
      problems.push({ path: `${path}[${at}].${key}`, value, remedy });
    if (taken.has(model.name))
      report("name", model.name, "another model has this name; choose another");
    taken.add(model.name);
    if (!teams.includes(model.owner))
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
    for (const remedy of positiveProblems(model, source))
      report("positive.field", model.positive.field, remedy);
    if (view !== undefined) {
      const known = featureColumns(view);
      for (const column of model.columns ?? []) {
        if (!known.includes(column))
          report("columns", column, `choose among ${known.join(", ")}`);
      }
      const measured = [...(model.columns ?? known), "score"];
      for (const column of Object.keys(model.drift?.limits ?? {})) {
        if (!measured.includes(column))
          report("drift.limits", column, `choose among ${measured.join(", ")}`);
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
  const { name, example, positive, columns = featureColumns(view) } = model;
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

function positiveProblems(
  { positive }: FeatureModel,
  { name, fields }: Contract,
): string[] {
  const type = fields[positive.field]?.type;
  if ("in" in positive)
    return type === "string" ? [] : [`name a string field of ${name}`];
  return type === "long" || type === "double"
    ? []
    : [`name a number field of ${name}`];
}
