import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import {
  bucketNames,
  type BucketName,
  type Store,
} from "../../components/stores/hudi-store";
import { Image } from "../../infra/image";
import type { JobEnd } from "../../components/jobs/job-end";
import type { SparkOperator } from "../../components/spark/operator";
import { sparkApplicationSpec } from "../../components/spark/run";
import type { Team } from "../../components/teams/team";
import { nameFor, type NamedKind } from "../../infra/names/name-limits";
import type { PlacedPool, Platform } from "../../infra/platform";
import {
  jobName,
  type DeclaredStep,
  type DeclaredWorkload,
} from "../declaration/declared-workload";
import { formerSparkImage, formerStep, formerWorkload } from "./former-names";
import { isUri, stackBucketOf } from "../inputs/input-file";
import {
  inputsAnnotation,
  stepLabel,
  workloadLabel,
  type StepInputs,
} from "./labels";
import {
  buildOwnImage,
  ownContent,
  ownImageContext,
} from "../images/own-image";
import { secondsOf } from "../schema/names";
import type { Kind, Step, StepOf } from "../schema/step";
import type { Value } from "../schema/value";
import { sparkJobsOf, valuesOf } from "../declaration/step-values";
import { runners } from "../steps";
import type { PipelineValues, RunnableStep, Runner } from "../steps/runner";
import { sparkRunOf } from "../steps/spark";
import { sparkImage } from "../images/spark-image";

type EnvVar = k8s.types.input.core.v1.EnvVar;

/** Dependencies of a declared workload. */
export interface OwnWorkloadArgs {
  readonly platform: Platform;
  readonly store: Store;
  readonly team: Team;
  readonly sparkOperator: SparkOperator;
  /** Resources of the training operator, created before a training. */
  readonly trainingOperator?: pulumi.Input<pulumi.Resource[]>;
  /** Resources of KServe, created before an InferenceService. Without KServe, a Deployment serves. */
  readonly kserve?: pulumi.Input<pulumi.Resource[]>;
  /** Kubeflow Pipelines, where the stack has it. */
  readonly pipelines?: pulumi.Input<pulumi.Resource[]>;
  readonly declared: DeclaredWorkload;
}

/** File in a container that takes the step's result, a JSON object of 4,096 bytes at most. */
const resultFile = "/dev/termination-log";

/** Folder in a step's image for inputs that are files of this machine. */
const inputFolder = "/opt/mlstack-inputs";

/**
 * Seconds for which a SparkApplication submitted by a pipeline is kept after its end, so that a restarted step finds
 * that its work is done.
 */
const keptSeconds = 86_400;

/** A workload as its folder declares it: images, accounts and jobs, each after the steps that it needs. */
export class OwnWorkload extends pulumi.ComponentResource {
  /** Ends of the awaited steps, in the order in which they ran. */
  readonly ends: readonly JobEnd[];
  private readonly endOf = new Map<string, JobEnd>();
  private readonly images = new Map<string, pulumi.Output<string>>();
  /** Spark steps that others submit. */
  private readonly sparkSteps = new Map<
    string,
    RunnableStep<StepOf<"spark">>
  >();
  private sparkImage: Image | undefined;

  constructor(
    private readonly name: string,
    private readonly args: OwnWorkloadArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(
      "mlstack:workloads:OwnWorkload",
      name,
      {},
      { ...opts, aliases: formerWorkload(name) },
    );
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
    const { kserve, pipelines } = this.args;
    const name = stepName(this.name, declared);
    const labels = { [workloadLabel]: this.name, [stepLabel]: declared.name };
    const runnable = {
      ...{ platform, team, sparkOperator, trainingOperator, step },
      ...{ kserve, pipelines },
      account: this.account(name, step),
      pool: this.pool(declared.pool),
      executorPool:
        declared.executorPool === undefined
          ? undefined
          : this.pool(declared.executorPool),
      image: this.image(name, step),
      arguments: this.arguments(step),
      env: this.env(step),
      timeoutSeconds: secondsOf(step.timeout),
      labels,
      annotations: {
        [inputsAnnotation]: JSON.stringify(inputsOf(step, this.args.declared)),
      },
      podLabels: labels,
      declaration: this.declaration(step),
      after: declared.after.flatMap((other) => this.endOf.get(other) ?? []),
      given: step.kind === "pipeline" ? this.pipelineValues(step) : undefined,
    };
    if (step.kind === "spark" && step.run === "manual")
      this.sparkSteps.set(declared.name, { ...runnable, step });
    return runnerOf(step.kind)(name, runnable satisfies RunnableStep<Step>, {
      parent: this,
      aliases: formerStep(this.name, declared.name),
    });
  }

  private pipelineValues(step: StepOf<"pipeline">): PipelineValues {
    const { cache, record } = step;
    const resolved = (values: Readonly<Record<string, Value>>) =>
      Object.fromEntries(
        Object.entries(values).flatMap(([name, value]) => {
          const known = this.resolve(value);
          return known === undefined ? [] : [[name, known]];
        }),
      );
    const submitted = sparkJobsOf(step);
    return {
      file: join(this.args.declared.folder, step.file),
      parameters: resolved(step.parameters),
      arguments: resolved(step.arguments),
      cache: this.bucketUri(cache),
      ...(record === undefined ? {} : { record: this.bucketUri(record) }),
      grants: this.grants(step),
      submits: submitted.flatMap((other) => {
        const runnable = this.sparkSteps.get(other);
        return runnable === undefined ? [] : [sparkRunOf(runnable)];
      }),
      ready: submitted.flatMap(
        (other) => this.sparkSteps.get(other)?.account.ready ?? [],
      ),
    };
  }

  /** SparkApplication of a Spark step, which a pipeline completes and submits. Retries are left to the pipeline. */
  private sparkJob(other: string): pulumi.Output<string> {
    const runnable = this.sparkSteps.get(other);
    // WorkloadCheck has validated the declaration.
    if (runnable === undefined) throw new Error(`no Spark step ${other}`);
    const { team, labels } = runnable;
    const spec = sparkApplicationSpec(sparkRunOf(runnable), { type: "Never" });
    return pulumi.jsonStringify({
      apiVersion: "sparkoperator.k8s.io/v1beta2",
      kind: "SparkApplication",
      metadata: {
        name: nameFor("SparkApplication", jobName(this.name, other)),
        namespace: team.namespace,
        labels,
      },
      spec: { ...spec, timeToLiveSeconds: keptSeconds },
    });
  }

  /**
   * Input whose change runs a step again: the team's own declaration and code, and nothing that the platform adds, such
   * as a base image.
   */
  private declaration(step: Step): pulumi.Input<object> {
    // A server always runs what is declared, so that it needs no new run.
    if (step.kind === "serve") return {};
    if (step.rerun === "revision") return { revision: step.revision };
    const { image, kind, size } = step;
    const { folder } = this.args.declared;
    const common = {
      ...{ kind, size },
      image: ownContent(image, ownImageContext(folder, step)),
    };
    if (step.kind === "pipeline") return this.pipelineDeclaration(step, common);
    const files = Object.entries(this.filesOf(step));
    return {
      ...common,
      env: this.env(step),
      args: this.arguments(step),
      variables: Object.keys(step.env),
      ...(files.length === 0
        ? {}
        : { files: files.map(([, file]) => contentOf(file)) }),
      ...("main" in step ? { main: step.main, conf: step.conf } : {}),
      ...("command" in step ? { command: step.command } : {}),
    };
  }

  private pipelineDeclaration(
    step: StepOf<"pipeline">,
    common: object,
  ): pulumi.Input<object> {
    const { declared } = this.args;
    const values = (given: Readonly<Record<string, Value>>) =>
      Object.fromEntries(
        Object.entries(given).map(([name, value]) => [
          name,
          // A Spark job's declaration, in place of the SparkApplication generated from it.
          typeof value === "object" && "sparkJob" in value
            ? this.sparkSteps.get(value.sparkJob)?.declaration
            : this.resolve(value),
        ]),
      );
    return {
      ...common,
      file: contentOf(join(declared.folder, step.file)),
      parameters: values(step.parameters),
      arguments: values(step.arguments),
      schedule: step.schedule,
    };
  }

  private grants({ access }: Step) {
    const { store } = this.args;
    return keysOf(bucketNames).flatMap((key) => {
      const granted = access[bucketNames[key]];
      return granted === undefined
        ? []
        : [{ bucket: store.buckets[key], access: granted }];
    });
  }

  private account(name: string, step: Step) {
    const rights = step.kind === "spark" ? "driver" : "none";
    return this.args.team.account(name, this.grants(step), rights);
  }

  /** The image of a step, with its files of this machine. */
  private image(name: string, step: Step): pulumi.Input<string> {
    const image = this.imageOfCode(name, step);
    const files = this.filesOf(step);
    if (Object.keys(files).length === 0) return image;
    const key = JSON.stringify([this.contextKey(step), files]);
    const known =
      this.images.get(key) ??
      new Image(
        `${name}-inputs`,
        {
          image: `${name}-inputs`,
          context: "workloads/images/with-files",
          include: [],
          files,
          dockerfile: "workloads/images/with-files/Dockerfile",
          args: { IMAGE: image },
          registry: this.args.platform.images,
        },
        { parent: this },
      ).ref;
    this.images.set(key, known);
    return known;
  }

  private contextKey(step: Step): string {
    const context = ownImageContext(this.args.declared.folder, step);
    return JSON.stringify(context ?? step.image);
  }

  private imageOfCode(name: string, step: Step): pulumi.Input<string> {
    if ("ref" in step.image) return step.image.ref;
    const context = ownImageContext(this.args.declared.folder, step);
    if (context === undefined) return "";
    const key = this.contextKey(step);
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
    this.sparkImage ??= sparkImage(
      `${this.name}-spark`,
      this.args.platform.images,
      { parent: this, aliases: formerSparkImage(this.name) },
    );
    return this.sparkImage;
  }

  /** Files of this machine that a step uses, relative to the project's root, by their paths below {@link inputFolder}. */
  private filesOf(step: Step): Readonly<Record<string, string>> {
    const { files } = this.args.declared;
    return Object.fromEntries(
      valuesOf(step).flatMap(({ value }) => {
        if (typeof value !== "object" || !("input" in value)) return [];
        const file = files[value.input];
        return file === undefined ? [] : [[placeOf(value.input, file), file]];
      }),
    );
  }

  private arguments(step: Step): pulumi.Input<string>[] {
    if (step.kind === "pipeline") return [];
    return step.args.flatMap((value) => this.resolve(value) ?? []);
  }

  private env(step: Step): EnvVar[] {
    if (step.kind === "pipeline") return [];
    return [
      ...Object.entries(step.env).flatMap(([name, value]): EnvVar[] => {
        if (typeof value === "object" && "secret" in value) {
          const { secret, key } = value;
          const valueFrom = { secretKeyRef: { name: secret, key } };
          return [{ name, valueFrom }];
        }
        const known = this.resolve(value);
        return known === undefined ? [] : [{ name, value: known }];
      }),
      // A server never ends, so that it has no result.
      ...(step.kind === "serve"
        ? []
        : [{ name: "MLSTACK_RESULT", value: resultFile }]),
    ];
  }

  /** @returns undefined for an input that is not set */
  private resolve(value: Value): pulumi.Input<string> | undefined {
    if (typeof value !== "object") return String(value);
    if ("sparkJob" in value) return this.sparkJob(value.sparkJob);
    if ("secret" in value) return "";
    const known =
      "bucket" in value
        ? this.bucketUri(value)
        : "input" in value
          ? this.input(value.input)
          : this.result(value.result, value.field);
    return known === undefined || value.prefix === undefined
      ? known
      : pulumi.interpolate`${value.prefix}${known}`;
  }

  private input(name: string): pulumi.Input<string> | undefined {
    const { inputs, declaredInputs } = this.args.declared;
    const value = inputs[name];
    if (value === undefined || declaredInputs[name]?.type !== "file")
      return value;
    const inStack = stackBucketOf(value);
    if (inStack !== undefined) {
      const { bucket, path } = inStack;
      return this.bucketUri({ bucket: bucketNames[bucket], path });
    }
    return isUri(value) ? value : `${inputFolder}/${placeOf(name, value)}`;
  }

  private bucketUri({
    bucket,
    path,
  }: {
    readonly bucket: (typeof bucketNames)[BucketName];
    readonly path: string;
  }): pulumi.Output<string> {
    const key = keysOf(bucketNames).find(
      (each) => bucketNames[each] === bucket,
    );
    const { uri } = this.args.store.buckets[key ?? "raw"];
    const inBucket = path.replace(/^\/+/, "");
    return inBucket === "" ? uri : pulumi.interpolate`${uri}/${inBucket}`;
  }

  private result(step: string, field: string): pulumi.Output<string> {
    const end = this.endOf.get(step);
    // WorkloadCheck has validated the declaration.
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
    // WorkloadCheck has validated the declaration.
    if (pool === undefined) throw new Error(`there is no pool ${name}`);
    return pool;
  }
}

/** Name of a step's object in the cluster. */
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
    case "pipeline":
      return "Job";
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

/** Path of an input's file below the step's folder; its input keeps files of the same name apart. */
function placeOf(input: string, file: string): string {
  return `${input}/${basename(file)}`;
}

function contentOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** Inputs that a step uses and that are set. An unset input's argument is left out, so that `submit` cannot set it. */
function inputsOf(
  step: Step,
  { inputs, declaredInputs }: DeclaredWorkload,
): StepInputs {
  if (step.kind === "pipeline") return {};
  const isThere = (value: Value) =>
    typeof value !== "object" || !("input" in value) || value.input in inputs;
  const is = (value: Value, name: string) =>
    typeof value === "object" && "input" in value && value.input === name;
  const args = step.args.filter(isThere);
  return Object.fromEntries(
    Object.entries(declaredInputs).flatMap(([name, input]) => {
      if (!(name in inputs)) return [];
      const { type, choices, min, max } = input;
      const places = args.flatMap((value, index) =>
        is(value, name) ? [index] : [],
      );
      const prefixes = places.flatMap((index) => {
        const value = args[index];
        return typeof value === "object" && value.prefix !== undefined
          ? [[index, value.prefix]]
          : [];
      });
      const own = {
        ...{ type, choices, min, max },
        args: places,
        ...(prefixes.length === 0
          ? {}
          : {
              prefixes: Object.fromEntries(prefixes) as Record<number, string>,
            }),
        env: Object.keys(step.env).filter((key) => {
          const value = step.env[key];
          return value !== undefined && is(value, name);
        }),
      };
      return own.args.length + own.env.length === 0 ? [] : [[name, own]];
    }),
  );
}

/** Runner of a kind of step. The cast is safe: a runner is only called with steps of its kind. */
function runnerOf(kind: Kind): Runner<Step> {
  return runners[kind] as Runner<Step>;
}

function keysOf(record: typeof bucketNames): BucketName[] {
  return Object.keys(record) as BucketName[];
}
