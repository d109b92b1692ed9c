import { bucketNames } from "../../components/stores/hudi-store";
import type { Report } from "./report";
import type { GivenInputs } from "./inputs";
import { stackBucketOf } from "../inputs/input-file";
import type { Step } from "../schema/step";
import type { Workload } from "../schema/workload";
import { valuesOf } from "../declaration/step-values";

/** The workload of a step that is checked. */
export interface CheckedWorkload {
  /** Name of the step. */
  readonly name: string;
  readonly declared: Workload;
  readonly given: GivenInputs;
  /** Names of the steps that the stack has. */
  readonly enabled: ReadonlySet<string>;
}

/** Values of a step that name what is not there, or what the step may not read. */
export function checkValues(
  step: Step,
  workload: CheckedWorkload,
  report: Report,
): void {
  for (const { path, value } of valuesOf(step)) {
    if (typeof value !== "object") continue;
    if ("bucket" in value)
      checkAccess([...path, "bucket"], step, value, report);
    if ("input" in value)
      checkInput([...path, "input"], step, value, workload, report);
    if ("result" in value)
      checkEarlier([...path, "result"], value.result, workload, report);
    if ("sparkJob" in value)
      checkSparkJob([...path, "sparkJob"], value.sparkJob, workload, report);
  }
}

function checkAccess(
  path: readonly PropertyKey[],
  { access }: Step,
  { bucket }: { readonly bucket: keyof Step["access"] },
  report: Report,
): void {
  if (access[bucket] !== undefined) return;
  report(
    path,
    bucket,
    `the step may not read it; write access: { ${bucket}: read }, or write`,
  );
}

function checkInput(
  path: readonly PropertyKey[],
  step: Step,
  { input }: { readonly input: string },
  { declared: { inputs }, given }: CheckedWorkload,
  report: Report,
): void {
  const known = inputs[input];
  if (known === undefined) {
    const choices = among(Object.keys(inputs), "declare it under inputs");
    report(path, input, `the workload has no such input; ${choices}`);
    return;
  }
  const value = known.type === "file" ? given.inputs[input] : undefined;
  const inStack = value === undefined ? undefined : stackBucketOf(value);
  if (inStack === undefined) return;
  const bucket = bucketNames[inStack.bucket];
  if (step.access[bucket] === undefined)
    report(
      path,
      value,
      `the step may not read it; write access: { ${bucket}: read } there, or write`,
    );
}

function checkSparkJob(
  path: readonly PropertyKey[],
  other: string,
  workload: CheckedWorkload,
  report: Report,
): void {
  const {
    name,
    declared: { steps },
  } = workload;
  const submitted = steps[other];
  const jobs = Object.keys(steps).filter((each) => {
    const step = steps[each];
    return step?.kind === "spark" && step.run === "manual" && each !== name;
  });
  if (!jobs.includes(other) || submitted === undefined)
    report(
      path,
      other,
      among(jobs, "declare a step of kind spark with run: manual"),
    );
  else checkEnabled(path, other, workload, report);
}

function checkEnabled(
  path: readonly PropertyKey[],
  other: string,
  { enabled }: CheckedWorkload,
  report: Report,
): void {
  if (!enabled.has(other))
    report(
      path,
      other,
      `${other} is switched off; set steps.${other}.enabled to true or needed, or switch this step off`,
    );
}

/** Steps that one is to come after, and that are not there or have no end that is awaited. */
export function checkOrder(
  step: Step,
  workload: CheckedWorkload,
  report: Report,
): void {
  step.after.forEach((other, index) =>
    checkEarlier(["after", index], other, workload, report),
  );
  if (step.after.length > 0 && step.run !== "once" && step.run !== "service")
    report(
      ["after"],
      step.after,
      "only a step that runs once comes after others; leave it out, or write run: once",
    );
}

function checkEarlier(
  path: readonly PropertyKey[],
  other: string,
  workload: CheckedWorkload,
  report: Report,
): void {
  const {
    name,
    declared: { steps },
  } = workload;
  const earlier = steps[other];
  if (earlier === undefined || other === name) {
    const others = Object.keys(steps).filter((each) => each !== name);
    report(path, other, among(others, "the workload has no other step"));
  } else if (earlier.kind === "serve") {
    report(
      path,
      other,
      `${other} has no end: it answers all the time; leave it out`,
    );
  } else if (earlier.run !== "once" || !earlier.wait) {
    report(
      path,
      other,
      `nobody awaits the end of ${other}; write run: once and wait: true there`,
    );
  } else if (path.at(-1) === "result") {
    checkEnabled(path, other, workload, report);
  }
}

function among(choices: readonly string[], otherwise: string): string {
  return choices.length === 0
    ? otherwise
    : `choose one of ${choices.join(", ")}`;
}
