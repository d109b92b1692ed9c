import type { TeamQuota } from "../../components/teams/quota";
import type { NodePool } from "../../infra/platform";
import type { Problem } from "../../infra/problem";
import { checkImage } from "./image";
import { checkInputs, type GivenInputs } from "./inputs";
import { checkRerun } from "./rerun";
import { checkSpark } from "./spark";
import { checkPipeline } from "./pipeline";
import { checkQuota } from "./quota";
import { checkOrder, checkValues } from "./values";
import {
  jobName,
  type DeclaredStep,
  type DeclaredWorkload,
} from "../declaration/declared-workload";
import { readWorkload, type ReadWorkload } from "../declaration/read-workload";
import type { Report } from "./report";
import { enabledBefore, enabledSteps } from "../declaration/enabled-steps";
import { workloadName } from "../schema/names";
import type { Kind, Step, StepOf } from "../schema/step";
import type { Value } from "../schema/value";
import type { OwnWorkloadConfig, Workload } from "../schema/workload";
import { inOrder } from "./step-order";
import { chooseExecutorPool, choosePool } from "./step-pool";
import { sparkJobsOf } from "../declaration/step-values";

/** Parts of a stack that its workloads are validated against. */
export interface WorkloadPlaces {
  readonly pools: readonly NodePool[];
  readonly teams: readonly {
    readonly name: string;
    readonly quota: TeamQuota;
  }[];
  readonly kubeflow: {
    readonly trainingOperator: boolean;
    readonly pipelines: boolean;
  };
}

/** The workloads of folders that a stack names, and every mistake in them, at once. */
export function declareWorkloads(
  own: Readonly<Record<string, OwnWorkloadConfig>>,
  places: WorkloadPlaces,
): {
  readonly workloads: readonly DeclaredWorkload[];
  readonly problems: readonly Problem[];
} {
  const workloads: DeclaredWorkload[] = [];
  const problems: Problem[] = [];
  for (const [name, each] of Object.entries(own)) {
    const check = new WorkloadCheck(readWorkload(name, each), places);
    problems.push(...check.problems);
    // A workload that is too large by itself is left out of the checks of concurrent demand.
    if (check.declared && check.problems.length === 0)
      workloads.push(check.declared);
  }
  problems.push(...checkJobNames(workloads));
  return { workloads, problems };
}

/** Names of the program's own jobs begin with these. */
const reservedNames = ["flights", "notebooks", "notebook"];
const reservedPrefixes = [
  ...reservedNames.map((name) => `${name}-`),
  "clickstream-",
];

const trainings: readonly Kind[] = ["pytorch", "tensorflow", "xgboost"];

function checkJobNames(workloads: readonly DeclaredWorkload[]): Problem[] {
  const known = new Map<string, string>();
  return workloads.flatMap(({ name, steps }) =>
    steps.flatMap((step) => {
      const job = jobName(name, step.name);
      const path = `workloads.${name}: steps.${step.name}`;
      const other = known.get(job);
      known.set(job, path);
      return other === undefined
        ? []
        : [
            {
              path,
              value: job,
              remedy: `${other} has a job of the same name; rename one of the steps`,
            },
          ];
    }),
  );
}

/** Checks one workload; its problems are all found before any is told. */
class WorkloadCheck {
  readonly problems: Problem[];
  readonly declared: DeclaredWorkload | undefined;
  private readonly given: GivenInputs = { inputs: {}, files: {}, problems: [] };
  /** Names of the steps that the stack has. */
  private readonly enabled: ReadonlySet<string> = new Set();

  constructor(
    private readonly read: ReadWorkload,
    private readonly places: WorkloadPlaces,
  ) {
    this.problems = [...read.problems];
    this.checkName();
    const team = this.team();
    const { workload, name, folder } = read;
    if (workload === undefined) return;
    this.given = checkInputs(read, workload.inputs);
    this.problems.push(...this.given.problems);
    this.enabled = enabledSteps(workload.steps);
    const steps = [...this.enabled].flatMap((step) => {
      const declared = workload.steps[step];
      return declared ? [this.step(step, declared, workload)] : [];
    });
    for (const each of steps) {
      if (team !== undefined)
        checkQuota(each, steps, team.quota, this.reportOf(each.name));
    }
    const written = Object.keys(workload.steps);
    steps.sort(
      (one, other) => written.indexOf(one.name) - written.indexOf(other.name),
    );
    const ordered = inOrder(steps, (path, value, remedy) =>
      this.add(path, value, remedy),
    );
    if (team === undefined || ordered === undefined) return;
    const { inputs, files } = this.given;
    this.declared = {
      ...{ name, folder, inputs, files, team: team.name, steps: ordered },
      declaredInputs: workload.inputs,
    };
  }

  private add(
    path: readonly PropertyKey[],
    value: unknown,
    remedy: string,
  ): void {
    this.problems.push({ path: this.read.at(path), value, remedy });
  }

  /** Adds problems of a step, by paths below it. */
  private reportOf(name: string): Report {
    return (path, value, remedy) =>
      this.add(["steps", name, ...path], value, remedy);
  }

  private checkName(): void {
    const { name } = this.read;
    const path = `workloads.${name}`;
    const parsed = workloadName.safeParse(name);
    if (!parsed.success) {
      const remedy = parsed.error.issues[0]?.message ?? "choose another name";
      this.problems.push({ path, value: name, remedy });
    } else if (
      reservedNames.includes(name) ||
      reservedPrefixes.some((prefix) => name.startsWith(prefix))
    ) {
      const remedy =
        "the program's own jobs have names that begin so; choose another";
      this.problems.push({ path, value: name, remedy });
    }
  }

  private team() {
    const { name, own } = this.read;
    const { teams } = this.places;
    const choices = teams.map((each) => each.name).join(", ");
    const path = `workloads.${name}.team`;
    if (own.team === undefined) {
      const [only, ...others] = teams;
      if (others.length === 0) return only;
      const remedy = `the stack has several teams; choose one of ${choices}`;
      this.problems.push({ path, value: undefined, remedy });
      return undefined;
    }
    const team = teams.find((each) => each.name === own.team);
    if (team === undefined)
      this.problems.push({
        ...{ path, value: own.team },
        remedy: `choose one of ${choices}`,
      });
    return team;
  }

  private step(name: string, step: Step, workload: Workload): DeclaredStep {
    const report = this.reportOf(name);
    const { given, enabled } = this;
    const checked = { name, declared: workload, given, enabled };
    checkImage(step, this.read.folder, report);
    checkValues(step, checked, report);
    checkOrder(step, checked, report);
    if (step.kind === "pipeline") this.checkPipeline(name, step);
    if (step.kind !== "serve") checkRerun(step, report);
    if (step.kind === "spark") checkSpark(step, report);
    if (trainings.includes(step.kind) && !this.places.kubeflow.trainingOperator)
      report(
        ["kind"],
        step.kind,
        "the stack has no operator for trainings; set kubeflow.trainingOperator to true",
      );
    const { pools } = this.places;
    const pool = choosePool(step, pools, report);
    const executorPool = chooseExecutorPool(step, pool, pools);
    const sparkJobs = sparkJobsOf(step);
    const after = enabledBefore(name, workload.steps, this.enabled).filter(
      (other) => !sparkJobs.includes(other),
    );
    return {
      ...{ name, step, pool, after, sparkJobs },
      ...(executorPool === pool ? {} : { executorPool }),
    };
  }

  private checkPipeline(name: string, step: StepOf<"pipeline">): void {
    if (step.schedule !== undefined && !this.places.kubeflow.pipelines)
      this.add(
        ["steps", name, "schedule"],
        step.schedule,
        "set kubeflow.pipelines to true, or leave the schedule out",
      );
    const known = (value: Value) =>
      typeof value !== "object"
        ? String(value)
        : "input" in value && value.prefix === undefined
          ? this.given.inputs[value.input]
          : undefined;
    checkPipeline(step, this.read.folder, known, this.reportOf(name));
  }
}
