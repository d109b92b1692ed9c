import type { Problem } from "../infra/problem";

const clickstream = "workloads.clickstream";

/** Keys of 0.1 by their paths, and how the same is written now. */
const formerKeys: Readonly<Record<string, string>> = {
  [`${clickstream}.pool`]: "write pool under steps.features and the others",
  [`${clickstream}.input`]:
    "write inputs: { data: PATH, encoding: …, userColumn: … } in its place",
  [`${clickstream}.features`]: "write it as steps.features.size",
  [`${clickstream}.training`]: "write it as steps.training.size",
  [`${clickstream}.trainers`]:
    "write steps.pytorch: { enabled: true, size: … }, and tensorflow or xgboost alike",
  [`${clickstream}.pipeline`]:
    "write steps.pipeline: { enabled: true }, and inputs: { threshold: … }; the size of its training as steps.fit.size",
  [`${clickstream}.serving`]: "write steps.serving: { enabled: true, size: … }",
  [`${clickstream}.timeoutSeconds`]:
    "write timeout, such as 30m, under steps.features and the others",
};

/** The problem in the terms of today's keys, where it is a key that had another place in 0.1. */
export function inTodaysKeys(problem: Problem): Problem {
  const now = formerKeys[problem.path];
  return now === undefined
    ? problem
    : { ...problem, remedy: `it has moved: ${now}; see CHANGELOG.md` };
}
