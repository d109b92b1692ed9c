import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";

import { describeProblem, type Problem } from "../../infra/problem";
import { checkContract, contractSchema, type Contract } from "./contract";
import {
  checkFeatureViews,
  featureViewSchema,
  type FeatureView,
} from "./feature-view";

/** A data set: the contract of its stream, and the feature views made of it. */
export interface DataSet {
  readonly contract: Contract;
  readonly views: readonly FeatureView[];
}

/** A data set as it is written down, defaults left out. */
export interface DataSetDeclaration {
  readonly contract: z.input<typeof contractSchema>;
  readonly views: readonly z.input<typeof featureViewSchema>[];
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
  const problems: Problem[] = [];
  const contract = parse(
    "contract",
    contractSchema,
    declared.contract,
    problems,
  );
  const views = declared.views.map((view, at) =>
    parse(`views[${at}]`, featureViewSchema, view, problems),
  );
  if (contract !== undefined) {
    problems.push(
      ...checkContract("contract", contract),
      ...checkFeatureViews("views", views.filter(isPresent), [contract], teams),
    );
  }
  if (contract === undefined || problems.length > 0) {
    throw new pulumi.RunError(
      [
        `data set ${declared.contract.name}: ${problems.length} ${problems.length === 1 ? "problem" : "problems"} in its declaration; nothing was changed`,
        ...problems.map((problem) => `  ${describeProblem(problem)}`),
      ].join("\n"),
    );
  }
  return { contract, views: views.filter(isPresent) };
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
