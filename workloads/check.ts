import { isRefusedSetting } from "../components/admission/spark-applications";
import type { TeamQuota } from "../components/team-quota";
import type { NodePool } from "../infra/platform";
import { bucketNames } from "../components/hudi-store";
import type { Problem } from "../infra/problem";
import { amount } from "../infra/quantity";
import { checkImage } from "./check-image";
import { checkInputs, type GivenInputs } from "./check-inputs";
import { checkPipeline } from "./check-pipeline";
import { readWorkload, type ReadWorkload } from "./declaration";
import { enabledBefore, enabledSteps } from "./enabled-steps";
import { stackBucketOf } from "./input-file";
import { workloadName } from "./schema/names";
import type { EndingStep, Kind, Step, StepOf } from "./schema/step";
import type { Value } from "./schema/value";
import type { OwnWorkload, Workload } from "./schema/workload";
import { demandOf } from "./step-demand";
import { sparkJobsOf, valuesOf } from "./step-values";

/** A step as it runs: everything that it names is there. */
export interface DeclaredStep {
  readonly name: string;
  readonly step: Step;
  /** Pool of its pods, or of a Spark job's driver. */
  readonly pool: string;
  /** Pool of a Spark job's executors, where it is another. */
  readonly executorPool?: string;
  /** Steps that end before it begins. */
  readonly after: readonly string[];
  /** Steps whose SparkApplications it submits. */
  readonly sparkJobs: readonly string[];
}

/** A workload of a folder, checked and complete. */
export interface DeclaredWorkload {
  readonly name: string;
  readonly team: string;
  /** Path of the folder, from the root of the project. */
  readonly folder: string;
  /** Values of the inputs that are set. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Of inputs that are files of this machine: where they lie, from the root of the project. */
  readonly files: Readonly<Record<string, string>>;
  readonly declaredInputs: Workload["inputs"];
  /** Those that the stack has, in an order in which each comes after what it needs. */
  readonly steps: readonly DeclaredStep[];
}

/** What workloads are checked against. */
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
  own: Readonly<Record<string, OwnWorkload>>,
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
    // What is too large by itself is not judged again with what runs beside it.
    if (check.declared && check.problems.length === 0)
      workloads.push(check.declared);
  }
  problems.push(...checkJobNames(workloads));
  return { workloads, problems };
}

/** Name of a step's object. */
export function jobName(workload: string, step: string): string {
  return `${workload}-${step}`;
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
      this.checkQuota(each, steps, team?.quota);
    }
    const written = Object.keys(workload.steps);
    steps.sort(
      (one, other) => written.indexOf(one.name) - written.indexOf(other.name),
    );
    const ordered = this.ordered(steps);
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
    checkImage(step, this.read.folder, (path, value, remedy) =>
      this.add(["steps", name, ...path], value, remedy),
    );
    this.checkValues(name, step, workload);
    this.checkOrder(name, step, workload);
    if (step.kind === "pipeline") this.checkPipeline(name, step);
    if (step.kind !== "serve") this.checkRerun(name, step);
    if (step.kind === "spark") {
      this.checkSettings(name, step.conf);
      this.checkExecutors(name, step);
    }
    if (trainings.includes(step.kind) && !this.places.kubeflow.trainingOperator)
      this.add(
        ["steps", name, "kind"],
        step.kind,
        "the stack has no operator for trainings; set kubeflow.trainingOperator to true",
      );
    const pool = this.pool(name, step);
    const executorPool = this.executorPool(step, pool);
    const sparkJobs = sparkJobsOf(step);
    const after = enabledBefore(name, workload.steps, this.enabled).filter(
      (other) => !sparkJobs.includes(other),
    );
    return {
      ...{ name, step, pool, after, sparkJobs },
      ...(executorPool === pool ? {} : { executorPool }),
    };
  }

  /** What a driver has computed is lost with its node, and what an executor has is computed again. */
  private executorPool(step: Step, pool: string): string {
    if (step.kind !== "spark" || step.size.executor === "none") return pool;
    if (step.executorPool !== undefined) return step.executorPool;
    if (step.pool !== undefined) return pool;
    const spot = this.places.pools.find(({ gpu, spot }) => spot && !gpu);
    return spot?.name ?? pool;
  }

  private checkValues(name: string, step: Step, { inputs, steps }: Workload) {
    for (const { path, value } of valuesOf(step)) {
      if (typeof value !== "object") continue;
      const at = ["steps", name, ...path];
      if ("bucket" in value) this.checkAccess([...at, "bucket"], step, value);
      if ("input" in value)
        this.checkInput([...at, "input"], step, value, inputs);
      if ("result" in value)
        this.checkEarlier([...at, "result"], name, value.result, steps);
      if ("sparkJob" in value)
        this.checkSparkJob([...at, "sparkJob"], name, value.sparkJob, steps);
    }
  }

  private checkAccess(
    path: readonly PropertyKey[],
    { access }: Step,
    { bucket }: { readonly bucket: keyof Step["access"] },
  ): void {
    if (access[bucket] !== undefined) return;
    this.add(
      path,
      bucket,
      `the step may not read it; write access: { ${bucket}: read }, or write`,
    );
  }

  private checkInput(
    path: readonly PropertyKey[],
    step: Step,
    { input }: { readonly input: string },
    declared: Workload["inputs"],
  ): void {
    const known = declared[input];
    if (known === undefined) {
      const choices = among(Object.keys(declared), "declare it under inputs");
      this.add(path, input, `the workload has no such input; ${choices}`);
      return;
    }
    const value = known.type === "file" ? this.given.inputs[input] : undefined;
    const inStack = value === undefined ? undefined : stackBucketOf(value);
    if (inStack === undefined) return;
    const bucket = bucketNames[inStack.bucket];
    if (step.access[bucket] === undefined)
      this.add(
        path,
        value,
        `the step may not read it; write access: { ${bucket}: read } there, or write`,
      );
  }

  private checkSparkJob(
    path: readonly PropertyKey[],
    name: string,
    other: string,
    steps: Workload["steps"],
  ): void {
    const submitted = steps[other];
    const jobs = Object.keys(steps).filter((each) => {
      const step = steps[each];
      return step?.kind === "spark" && step.run === "manual" && each !== name;
    });
    if (!jobs.includes(other) || submitted === undefined)
      this.add(
        path,
        other,
        among(jobs, "declare a step of kind spark with run: manual"),
      );
    else this.checkEnabled(path, other);
  }

  private checkEnabled(path: readonly PropertyKey[], other: string): void {
    if (!this.enabled.has(other))
      this.add(
        path,
        other,
        `${other} is switched off; set steps.${other}.enabled to true or needed, or switch this step off`,
      );
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
    checkPipeline(step, this.read.folder, known, (path, value, remedy) =>
      this.add(["steps", name, ...path], value, remedy),
    );
  }

  private checkOrder(name: string, step: Step, { steps }: Workload): void {
    step.after.forEach((other, index) =>
      this.checkEarlier(["steps", name, "after", index], name, other, steps),
    );
    if (step.after.length > 0 && step.run !== "once" && step.run !== "service")
      this.add(
        ["steps", name, "after"],
        step.after,
        "only a step that runs once comes after others; leave it out, or write run: once",
      );
  }

  private checkEarlier(
    path: readonly PropertyKey[],
    name: string,
    other: string,
    steps: Workload["steps"],
  ): void {
    const earlier = steps[other];
    if (earlier === undefined || other === name) {
      const others = Object.keys(steps).filter((each) => each !== name);
      this.add(path, other, among(others, "the workload has no other step"));
    } else if (earlier.kind === "serve") {
      this.add(
        path,
        other,
        `${other} has no end: it answers all the time; leave it out`,
      );
    } else if (earlier.run !== "once" || !earlier.wait) {
      this.add(
        path,
        other,
        `nobody awaits the end of ${other}; write run: once and wait: true there`,
      );
    } else if (path.at(-1) === "result") {
      this.checkEnabled(path, other);
    }
  }

  private checkRerun(name: string, { rerun, revision, run }: EndingStep): void {
    if (rerun === "revision" && revision === undefined)
      this.add(
        ["steps", name, "revision"],
        undefined,
        "set a text; another one runs the step again",
      );
    if (rerun === "changed" && revision !== undefined)
      this.add(
        ["steps", name, "revision"],
        revision,
        "it counts with rerun: revision alone; write that, or leave it out",
      );
    if (typeof run === "object" && !isTimeZone(run.timeZone))
      this.add(
        ["steps", name, "run", "timeZone"],
        run.timeZone,
        "no such time zone; write one such as UTC or Europe/Berlin",
      );
  }

  private checkSettings(
    name: string,
    conf: Readonly<Record<string, string>>,
  ): void {
    for (const key of Object.keys(conf)) {
      if (isRefusedSetting(key))
        this.add(
          ["steps", name, "conf", key],
          key,
          "the cluster does not admit this setting in a team's job; leave it out",
        );
    }
  }

  private checkExecutors(name: string, { size }: StepOf<"spark">): void {
    const { executor } = size;
    if (executor === "none" || executor.max === undefined) return;
    if (executor.max < executor.instances)
      this.add(
        ["steps", name, "size", "executor", "max"],
        executor.max,
        `it has ${executor.instances} at least; write more, or leave it out`,
      );
  }

  private pool(name: string, step: Step): string {
    const { pools } = this.places;
    const gpus = "gpus" in step.size ? step.size.gpus : 0;
    const choose = (key: "pool" | "executorPool", value: string) => {
      const pool = pools.find((each) => each.name === value);
      if (pool === undefined) {
        const choices = pools.map((each) => each.name).join(", ");
        this.add(["steps", name, key], value, `choose one of ${choices}`);
      }
      return pool;
    };
    if (step.kind === "spark" && step.executorPool !== undefined) {
      choose("executorPool", step.executorPool);
      if (step.size.executor === "none")
        this.add(
          ["steps", name, "executorPool"],
          step.executorPool,
          "the job has no executors; set size.executor, or leave it out",
        );
    }
    if (step.pool === undefined) {
      const enough = pools.filter(({ gpu }) =>
        gpus === 0 ? gpu === undefined : (gpu?.count ?? 0) >= gpus,
      );
      const onDemand = enough.find(({ spot }) => !spot);
      const fitting =
        (step.kind === "spark" ? onDemand : undefined) ?? enough[0];
      if (fitting === undefined && gpus > 0)
        this.add(
          ["steps", name, "size", "gpus"],
          gpus,
          "no pool of the stack has nodes with as many; write fewer, or add a pool",
        );
      return (fitting ?? pools[0])?.name ?? "";
    }
    const pool = choose("pool", step.pool);
    const has = pool?.gpu?.count ?? 0;
    if (pool !== undefined && gpus > has)
      this.add(
        ["steps", name, "size", "gpus"],
        gpus,
        `a node of pool ${pool.name} has ${has}; write that or less, or choose another pool`,
      );
    return step.pool;
  }

  private checkQuota(
    { name, step, sparkJobs }: DeclaredStep,
    steps: readonly DeclaredStep[],
    quota: TeamQuota | undefined,
  ): void {
    if (quota === undefined) return;
    const beside = steps.filter((each) => sparkJobs.includes(each.name));
    const asked = [step, ...beside.map((each) => each.step)].map(demandOf);
    const total = (of: (demand: ReturnType<typeof demandOf>) => number) =>
      asked.reduce((sum, demand) => sum + of(demand), 0);
    const cores = total((demand) => demand.cores);
    const bytes = total((demand) => demand.bytes);
    const gpus = total((demand) => demand.gpus);
    const path = ["steps", name, "size"];
    const fit = (most: string) =>
      `the team's quota is ${most}; ask for less, or raise it`;
    if (cores > amount(quota.cpu))
      this.add(path, `${cores} cores`, fit(`${quota.cpu} cores`));
    if (bytes > amount(quota.memory))
      this.add(
        path,
        `${(bytes / 2 ** 30).toFixed(1)}Gi of memory`,
        fit(quota.memory),
      );
    if (gpus > quota.gpus)
      this.add(path, `${gpus} GPUs`, fit(`${quota.gpus} GPUs`));
  }

  /** @returns the steps in order; nothing where they wait for each other */
  private ordered(steps: readonly DeclaredStep[]): DeclaredStep[] | undefined {
    const done: DeclaredStep[] = [];
    let left = [...steps];
    const awaits = (step: string) => left.some(({ name }) => name === step);
    while (left.length > 0) {
      const ready = left.filter(
        ({ after, sparkJobs }) => ![...after, ...sparkJobs].some(awaits),
      );
      if (ready.length === 0) {
        const [first] = left;
        this.add(
          ["steps", first?.name ?? "", "after"],
          left.map(({ name }) => name),
          "these steps wait for each other; let one of them go first",
        );
        return undefined;
      }
      done.push(...ready);
      left = left.filter((step) => !ready.includes(step));
    }
    return done;
  }
}

function among(choices: readonly string[], otherwise: string): string {
  return choices.length === 0
    ? otherwise
    : `choose one of ${choices.join(", ")}`;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
