import type { z } from "zod";

import type { Problem } from "../../infra/problem";
import {
  userInputParse,
  schemaProblems,
  writtenPath,
} from "../../infra/schema-problems";
import { checkContract } from "./contract";
import { dataSetSchema, type DataSet } from "./data-set";
import { checkFeatureModels, type FeatureModel } from "./feature-model";
import { checkFeatureViews, tableName, type FeatureView } from "./feature-view";

/** A data set, complete with its defaults; or what is wrong with it. */
export interface CheckedDataSet {
  readonly dataSet?: DataSet;
  readonly problems: readonly Problem[];
}

/**
 * Checks a declaration as it is written down.
 *
 * @param teams those that may own its views and models; any unless given
 * @param at where a key stands, as a problem names it
 */
export function checkDataSet(
  declared: unknown,
  teams?: readonly string[],
  at: (path: readonly PropertyKey[]) => string = writtenPath,
): CheckedDataSet {
  const parsed = dataSetSchema.safeParse(declared, userInputParse);
  if (!parsed.success) {
    const { issues } = parsed.error;
    return {
      problems: [
        ...issues.flatMap((issue) =>
          schemaProblems(issue, (_, value) => value, at),
        ),
        ...contractProblems(declared, issues, at),
      ],
    };
  }
  const { contract, views, models } = parsed.data;
  const problems = [
    ...checkContract("contract", contract),
    ...checkFeatureViews("views", views, [contract], teams),
    ...checkFeatureModels("models", models, views, [contract], teams),
    ...checkJobNames(views, models),
  ];
  return problems.length === 0
    ? { dataSet: parsed.data, problems }
    : { problems: problems.map((each) => placed(each, at)) };
}

/** Conflicts within a contract, where all mistakes of the schema are in other sections. */
function contractProblems(
  declared: unknown,
  issues: readonly z.core.$ZodIssue[],
  at: (path: readonly PropertyKey[]) => string,
): Problem[] {
  if (issues.some(({ path }) => path[0] === "contract")) return [];
  const contract = dataSetSchema.shape.contract.safeParse(
    typeof declared === "object" && declared !== null
      ? Reflect.get(declared, "contract")
      : undefined,
  );
  return contract.success
    ? checkContract("contract", contract.data).map((each) => placed(each, at))
    : [];
}

function placed(
  problem: Problem,
  at: (path: readonly PropertyKey[]) => string,
): Problem {
  return { ...problem, path: at([problem.path]) };
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
