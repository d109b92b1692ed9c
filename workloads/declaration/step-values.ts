import type { Step } from "../schema/step";
import type { Value } from "../schema/value";

/** A value of a step, and where it stands below the step. */
export interface StepValue {
  readonly path: readonly PropertyKey[];
  readonly value: Value;
}

/** Everything that a step is given: arguments and variables, or a pipeline's parameters and places. */
export function valuesOf(step: Step): readonly StepValue[] {
  const under = (key: string, values: Readonly<Record<string, Value>>) =>
    Object.entries(values).map(([name, value]) => ({
      path: [key, name],
      value,
    }));
  if (step.kind !== "pipeline")
    return [
      ...step.args.map((value, index) => ({ path: ["args", index], value })),
      ...under("env", step.env),
    ];
  const { cache, record } = step;
  return [
    ...under("parameters", step.parameters),
    ...under("arguments", step.arguments),
    { path: ["cache"], value: cache },
    ...(record === undefined ? [] : [{ path: ["record"], value: record }]),
  ];
}

/** Steps whose results or Spark jobs a step takes. */
export function neededBy(step: Step): readonly string[] {
  return valuesOf(step).flatMap(({ value }) => {
    if (typeof value !== "object") return [];
    if ("result" in value) return [value.result];
    return "sparkJob" in value ? [value.sparkJob] : [];
  });
}

/** Steps whose SparkApplications a pipeline submits. */
export function sparkJobsOf(step: Step): readonly string[] {
  return valuesOf(step).flatMap(({ value }) =>
    typeof value === "object" && "sparkJob" in value ? [value.sparkJob] : [],
  );
}
