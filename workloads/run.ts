import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import {
  bucketNames,
  type BucketName,
  type Store,
} from "../components/hudi-store";
import { Image } from "../components/image";
import type { JobEnd } from "../components/job-end";
import type { SparkOperator } from "../components/spark-operator";
import type { Team } from "../components/team";
import { nameFor, type NamedKind } from "../infra/name-limits";
import type { PlacedPool, Platform } from "../infra/platform";
import { jobName, type DeclaredStep, type DeclaredWorkload } from "./check";
import {
  inputsAnnotation,
  stepLabel,
  workloadLabel,
  type StepInputs,
} from "./labels";
import { buildOwnImage, ownContent, ownImageContext } from "./own-image";
import { secondsOf, type Kind, type Step, type Value } from "./schema";
import { runners } from "./steps";
import type { RunnableStep, Runner } from "./steps/runner";

/** What a workload of a folder stands on. */
export interface OwnWorkloadArgs {
  readonly platform: Platform;
  readonly store: Store;
  readonly team: Team;
  readonly sparkOperator: SparkOperator;
  /** What must be there before a training. */
  readonly trainingOperator?: pulumi.Input<pulumi.Resource[]>;
  readonly declared: DeclaredWorkload;
}

/** File in a container that takes the step's result, a JSON object of 4,096 bytes at most. */
const resultFile = "/dev/termination-log";

/** A workload as its folder declares it: images, accounts and jobs, each after the steps that it needs. */
export class OwnWorkload extends pulumi.ComponentResource {
  /** How each awaited step ended, in an order in which they ran. */
  readonly ends: readonly JobEnd[];
  private readonly endOf = new Map<string, JobEnd>();
  private readonly images = new Map<string, pulumi.Output<string>>();
  private sparkImage: Image | undefined;

  constructor(
    private readonly name: string,
    private readonly args: OwnWorkloadArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:workloads:OwnWorkload", name, {}, opts);
    for (const each of args.declared.steps) {
      const end = this.run(each);
      if (end) this.endOf.set(each.name, end);
    }
    this.ends = [...this.endOf.values()];
    this.registerOutputs();
  }

  private run(declared: DeclaredStep): JobEnd | undefined {
    const { step } = declared;
    const { platform, team, sparkOperator, trainingOperator } = this.args;
    const name = stepName(this.name, declared);
    const values = step.args.map((value) => this.resolve(value));
    const labels = { [workloadLabel]: this.name, [stepLabel]: declared.name };
    const runnable = {
      ...{ platform, team, sparkOperator, trainingOperator, step },
      account: this.account(name, step),
      pool: this.pool(declared.pool),
      executorPool:
        declared.executorPool === undefined
          ? undefined
          : this.pool(declared.executorPool),
      image: this.image(name, step),
      arguments: values,
      env: this.env(step),
      timeoutSeconds: secondsOf(step.timeout),
      labels,
      annotations: {
        [inputsAnnotation]: JSON.stringify(
          inputsOf(step, this.args.declared.declaredInputs),
        ),
      },
      podLabels: labels,
      declaration: this.declaration(step),
      after: declared.after.flatMap((other) => this.endOf.get(other) ?? []),
    };
    return runnerOf(step.kind)(name, runnable satisfies RunnableStep<Step>, {
      parent: this,
    });
  }

  /** What a person wrote of a step; what the platform adds to it, such as a base image, runs nothing again. */
  private declaration(step: Step): pulumi.Input<object> {
    // What it runs is what is declared, at any time.
    if (step.kind === "serve") return {};
    if (step.rerun === "revision") return { revision: step.revision };
    const { args, env, image, kind, size } = step;
    return {
      ...{ kind, size, env: this.env(step) },
      args: args.map((value) => this.resolve(value)),
      image: ownContent(
        image,
        ownImageContext(this.args.declared.folder, step),
      ),
      variables: Object.keys(env),
      ...("main" in step ? { main: step.main, conf: step.conf } : {}),
      ...("command" in step ? { command: step.command } : {}),
    };
  }

  private account(name: string, { access, kind }: Step) {
    const { store, team } = this.args;
    const grants = keysOf(bucketNames).flatMap((key) => {
      const granted = access[bucketNames[key]];
      return granted === undefined
        ? []
        : [{ bucket: store.buckets[key], access: granted }];
    });
    return team.account(name, grants, kind === "spark" ? "driver" : "none");
  }

  private image(name: string, step: Step): pulumi.Input<string> {
    if ("ref" in step.image) return step.image.ref;
    const context = ownImageContext(this.args.declared.folder, step);
    if (context === undefined) return "";
    const key = JSON.stringify(context);
    const image =
      this.images.get(key) ??
      buildOwnImage(
        name,
        context,
        this.args.platform.images,
        () => this.spark().ref,
        { parent: this },
      );
    this.images.set(key, image);
    return image;
  }

  private spark(): Image {
    this.sparkImage ??= new Image(
      `${this.name}-spark`,
      {
        image: "spark",
        context: "workloads/images/spark",
        dockerfile: "workloads/images/spark/Dockerfile",
        registry: this.args.platform.images,
      },
      { parent: this },
    );
    return this.sparkImage;
  }

  private env({ env, kind }: Step): k8s.types.input.core.v1.EnvVar[] {
    return [
      ...Object.entries(env).map(([name, value]) =>
        typeof value === "object" && "secret" in value
          ? {
              name,
              valueFrom: {
                secretKeyRef: { name: value.secret, key: value.key },
              },
            }
          : { name, value: this.resolve(value) },
      ),
      // What has no end has no result.
      ...(kind === "serve"
        ? []
        : [{ name: "MLSTACK_RESULT", value: resultFile }]),
    ];
  }

  private resolve(value: Value): pulumi.Input<string> {
    if (typeof value !== "object") return String(value);
    if ("bucket" in value) {
      const key = keysOf(bucketNames).find(
        (each) => bucketNames[each] === value.bucket,
      );
      const path = value.path.replace(/^\/+/, "");
      const uri = this.args.store.buckets[key ?? "raw"].uri;
      return path === "" ? uri : pulumi.interpolate`${uri}/${path}`;
    }
    if ("input" in value) return this.args.declared.inputs[value.input] ?? "";
    if ("result" in value) return this.result(value.result, value.field);
    return "";
  }

  private result(step: string, field: string): pulumi.Output<string> {
    const end = this.endOf.get(step);
    // The declaration has been checked; see WorkloadCheck.
    if (end === undefined) throw new Error(`no step ${step} has ended`);
    return end.result.apply((result) => {
      const value = result[field];
      if (value !== undefined && value !== null)
        return typeof value === "object"
          ? JSON.stringify(value)
          : String(value as string);
      const fields = Object.keys(result).join(", ") || "nothing";
      throw new pulumi.RunError(
        `workload ${this.name}: the result of step ${step} has no field ${JSON.stringify(field)}; it has ${fields}`,
      );
    });
  }

  private pool(name: string): PlacedPool {
    const pool = this.args.platform.pools.find((each) => each.name === name);
    // The declaration has been checked; see WorkloadCheck.
    if (pool === undefined) throw new Error(`there is no pool ${name}`);
    return pool;
  }
}

/** Name of what a step is in the cluster. */
export function stepName(
  workload: string,
  { name, step }: Pick<DeclaredStep, "name" | "step">,
): string {
  return nameFor(objectKind(step), jobName(workload, name));
}

function objectKind({ kind, run }: Step): NamedKind {
  switch (kind) {
    case "spark":
      return run === "once" ? "SparkApplication" : "ScheduledSparkApplication";
    case "job":
      return run === "once" ? "Job" : "CronJob";
    case "pytorch":
      return "PyTorchJob";
    case "tensorflow":
      return "TFJob";
    case "xgboost":
      return "XGBoostJob";
    case "serve":
      return "Deployment";
  }
}

function inputsOf(
  { args, env }: Step,
  declared: DeclaredWorkload["declaredInputs"],
): StepInputs {
  const is = (value: Value, name: string) =>
    typeof value === "object" && "input" in value && value.input === name;
  return Object.fromEntries(
    Object.entries(declared).flatMap(([name, { type, choices }]) => {
      const own = {
        ...{ type, choices },
        args: args.flatMap((value, index) => (is(value, name) ? [index] : [])),
        env: Object.keys(env).filter((key) => {
          const value = env[key];
          return value !== undefined && is(value, name);
        }),
      };
      return own.args.length + own.env.length === 0 ? [] : [[name, own]];
    }),
  );
}

/** A runner takes steps of its own kind alone; a step and its runner are looked up by the same kind. */
function runnerOf(kind: Kind): Runner<Step> {
  return runners[kind] as Runner<Step>;
}

function keysOf(record: typeof bucketNames): BucketName[] {
  return Object.keys(record) as BucketName[];
}
