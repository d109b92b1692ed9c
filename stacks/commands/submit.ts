import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import type { KubeConfig } from "@kubernetes/client-node";
import type { Command } from "@commander-js/extra-typings";
import { z } from "zod";

import { nameFor } from "../../infra/names/name-limits";
import {
  containerStart,
  type Pod,
  progress,
  resultOf,
} from "../../infra/provider/job-pod";
import { jobKinds, type JobState } from "../../infra/provider/job-status";
import { type NodeUse, NodeUseRecord } from "../../infra/provider/node-use";
import { submittedFault } from "../../workloads/inputs/input-value";
import {
  inputsAnnotation,
  stepLabel,
  workloadLabel,
  type StepInputs,
} from "../../workloads/own/labels";
import { runMoneySpan } from "../cost/money";
import { CommandError } from "./cli/command-error";
import { costOfRuns } from "./cost/report-costs";
import { inputValues } from "./cli/input-values";
import { jobPods } from "./pods/job-pods";
import { examples, stackOption } from "./cli/options";
import { printLog } from "./pods/pod-log";
import { keepRuns } from "./jobs/run-history";
import { connect, type StateResource } from "./state/stack-state";
import { jobApis, type JobApi } from "./jobs/awaited-jobs";
import type { WorkloadReport } from "./jobs/workload-report";

/** Seconds that a submitted job which has ended stays, for its log. */
const keptSeconds = 86_400;

/** `submit`: a step of a workload once more, with other values. */
export function define(command: Command): void {
  command
    .argument("<workload>", "name of a workload of the stack")
    .addOption(stackOption())
    .option("--step <step>", "the step; the only one unless given")
    .option("--set <input...>", "values of its inputs, as NAME=VALUE")
    .addHelpText(
      "after",
      examples([
        "npm run submit -- fraud --step score --set date=2026-11-02",
        "runs it, and follows the log",
      ]),
    )
    .action(async (workload, { stack, step, set }) => {
      const { resources, config } = await connect(stack);
      const template = templateOf(resources, workload, step);
      const job = submission(template, inputValues(set));
      await follow(stack, config, job);
    });
}

/** A step's object in a state, and what a job of it is. */
export interface StepTemplate {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly inputs: StepInputs;
  readonly api: JobApi;
  /** Specification of the job, from whatever object contains it. */
  readonly spec: Readonly<Record<string, unknown>>;
}

const object = z.looseObject({});

/** Objects that make jobs at times: the type of these, and where their specification stands in the object's. */
const templates: Readonly<
  Record<string, { readonly type: string; readonly path: readonly string[] }>
> = {
  "kubernetes:sparkoperator.k8s.io/v1beta2:ScheduledSparkApplication": {
    type: "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication",
    path: ["template"],
  },
  "kubernetes:batch/v1:CronJob": {
    type: "kubernetes:batch/v1:Job",
    path: ["jobTemplate", "spec"],
  },
};

const labelledSchema = z.object({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
});

const inputsSchema = z.object({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
  }),
  spec: object,
});

/** The object of a step by the stack's state. @throws {CommandError} naming those that there are */
export function templateOf(
  resources: readonly StateResource[],
  workload: string,
  step?: string,
): StepTemplate {
  const all = resources.flatMap(({ type, inputs }) => {
    const { type: jobType, path } = templates[type] ?? { type, path: [] };
    const api = jobApis[jobType];
    const parsed = inputsSchema.safeParse(inputs).data;
    return api && parsed?.metadata.labels[workloadLabel] !== undefined
      ? [{ api, path, ...parsed }]
      : [];
  });
  const own = all.filter(
    ({ metadata }) => metadata.labels[workloadLabel] === workload,
  );
  const list = (label: string, among: typeof all) =>
    [...new Set(among.map(({ metadata }) => metadata.labels[label]))].join(
      ", ",
    );
  if (own.length === 0 && serves(resources, workload))
    throw new CommandError(
      `submit: ${JSON.stringify(workload)}: none of its steps runs to an end; \`npm run open\` opens what it serves`,
    );
  if (own.length === 0)
    throw new CommandError(
      `submit: ${JSON.stringify(workload)}: the stack has no such workload; ${all.length === 0 ? "declare it under mlstack:workloads, and bring the stack up" : `choose one of ${list(workloadLabel, all)}`}`,
    );
  const found = own.filter(
    ({ metadata }) => step === undefined || metadata.labels[stepLabel] === step,
  );
  const [chosen] = found;
  if (chosen === undefined || found.length > 1)
    throw new CommandError(
      `--step: ${step === undefined ? "missing" : JSON.stringify(step)}: choose one of ${list(stepLabel, own)}`,
    );
  const { api, path, metadata, spec } = chosen;
  return {
    ...{ name: metadata.name, namespace: metadata.namespace, api },
    labels: metadata.labels,
    inputs: JSON.parse(
      metadata.annotations[inputsAnnotation] ?? "{}",
    ) as StepInputs,
    spec: path.reduce<Record<string, unknown>>(
      (inner, key) => object.parse(inner[key]),
      spec,
    ),
  };
}

/** Whether a state has an object of a workload, which is none of a job's. */
function serves(
  resources: readonly StateResource[],
  workload: string,
): boolean {
  return resources.some(
    ({ inputs }) =>
      labelledSchema.safeParse(inputs).data?.metadata.labels[workloadLabel] ===
      workload,
  );
}

/** A job to be made. */
export interface Submission {
  readonly api: JobApi;
  readonly name: string;
  readonly namespace: string;
  readonly body: object;
}

/** A step's job under a name of its own, with other values of its inputs. @throws {CommandError} on a value that does not fit */
export function submission(
  { name: template, namespace, labels, inputs, api, spec }: StepTemplate,
  values: Readonly<Record<string, string>>,
  suffix = randomBytes(3).toString("hex"),
): Submission {
  const copy = structuredClone(spec);
  for (const [input, value] of Object.entries(values)) {
    const place = inputs[input];
    if (place === undefined) {
      const choices = Object.keys(inputs).join(", ");
      throw new CommandError(
        `--set ${input}: ${choices === "" ? "the step takes no inputs" : `the step takes no such input; choose one of ${choices}`}`,
      );
    }
    const fault = submittedFault(
      { ...place, choices: place.choices && [...place.choices] },
      value,
    );
    if (fault !== undefined)
      throw new CommandError(
        `--set ${input}: ${JSON.stringify(value)}: ${fault}`,
      );
    const prefixed = (index: number) =>
      `${place.prefixes?.[index] ?? ""}${value}`;
    for (const container of containersOf(copy)) {
      for (const each of container.env)
        if (place.env.includes(each.name)) each.value = value;
      for (const index of place.args)
        if (container.args) container.args[index] = prefixed(index);
    }
    if (api.kind === "SparkApplication") {
      const list = copy["arguments"] as string[];
      for (const index of place.args) list[index] = prefixed(index);
    }
  }
  const name = nameFor(api.kind, template, suffix);
  return {
    ...{ api, name, namespace },
    body: {
      apiVersion: `${api.group}/${api.version}`,
      kind: api.kind,
      metadata: { name, namespace, labels },
      spec: { ...copy, ...removal(api, copy) },
    },
  };
}

function removal({ kind }: JobApi, spec: Readonly<Record<string, unknown>>) {
  switch (kind) {
    case "SparkApplication":
      return { timeToLiveSeconds: keptSeconds };
    case "Job":
      return { ttlSecondsAfterFinished: keptSeconds };
    default:
      return {
        runPolicy: {
          ...object.parse(spec["runPolicy"]),
          ttlSecondsAfterFinished: keptSeconds,
        },
      };
  }
}

interface Container {
  readonly args?: string[];
  readonly env: { readonly name: string; value?: string }[];
}

/** Containers of all pods in a specification, wherever their templates stand. */
function containersOf(value: unknown): Container[] {
  if (Array.isArray(value)) return value.flatMap(containersOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "containers" ? (inner as Container[]) : containersOf(inner),
  );
}

/** Makes a job and follows it to its end. @throws {CommandError} with the reason where it fails */
async function follow(
  stack: string,
  config: KubeConfig,
  { api, name, namespace, body }: Submission,
): Promise<void> {
  const { CoreV1Api, CustomObjectsApi } =
    await import("@kubernetes/client-node");
  const core = config.makeApiClient(CoreV1Api);
  const custom = config.makeApiClient(CustomObjectsApi);
  const { kind, group, version } = api;
  const { plural, pods, state: read, main } = jobKinds[kind];
  const place = { group, version, namespace, plural };
  await custom
    .createNamespacedCustomObject({ ...place, body })
    .catch((error: unknown) => {
      throw new CommandError(`${kind} ${namespace}/${name}: ${wordsOf(error)}`);
    });
  process.stdout.write(
    `${kind} ${namespace}/${name}; Ctrl-C leaves it running: npm run logs -- ${name} -f\n`,
  );
  const began = Date.now();
  const use = new NodeUseRecord((node) => core.readNode({ name: node }));
  const seconds = () => (Date.now() - began) / 1000;
  let log: Promise<unknown> | undefined;
  let said = "";
  for (;;) {
    const found: unknown = await custom.getNamespacedCustomObject({
      ...place,
      name,
    });
    const all = await jobPods(core, namespace, pods(name));
    await use.note(all);
    const pod = main(found, all);
    const status = read(found);
    const { state, ended, reason } = status;
    const container = pod?.status.containerStatuses[0];
    if (
      log === undefined &&
      pod !== undefined &&
      (container?.state.running ?? container?.state.terminated)
    ) {
      log = printLog(
        config,
        {
          ...{ namespace, pod: pod.metadata.name },
          container: container?.name ?? "",
        },
        { follow: true },
      ).catch(() => undefined);
    }
    const line = progress(state, all);
    if (log === undefined && line !== said) {
      process.stdout.write(`  ${seconds().toFixed(0)} s: ${line}\n`);
      said = line;
    }
    if (ended !== undefined) {
      await Promise.race([log, pause(5_000)]);
      const run = endedRun(api, found, pod, status, use.uses());
      keepRuns(stack, [run]);
      if (ended === "failed")
        throw new CommandError(
          `${kind} ${namespace}/${name} ended as ${state}${reason ? `: ${reason.trim()}` : ""}`,
        );
      process.stdout.write(
        `${name}: ${state} after ${seconds().toFixed(0)} s${costWords(stack, run)}; result ${JSON.stringify(resultOf(pod))}\n`,
      );
      return;
    }
    await pause(500);
  }
}

const madeSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    creationTimestamp: z.string(),
  }),
});

/** A job that has ended, as reports have it. */
export function endedRun(
  { kind }: Pick<JobApi, "kind">,
  object: unknown,
  pod: Pod | undefined,
  { state, finishedAt = new Date().toISOString() }: JobState,
  nodeUse: readonly NodeUse[],
): WorkloadReport {
  const { name, namespace, uid, creationTimestamp } =
    madeSchema.parse(object).metadata;
  const started = pod && containerStart(pod);
  return {
    ...{ name, namespace, kind, uid, state, finishedAt, nodeUse },
    startedAt: creationTimestamp,
    metrics: {},
    startup:
      started === undefined
        ? {}
        : {
            driver:
              (Date.parse(started) - Date.parse(creationTimestamp)) / 1000,
          },
  };
}

function costWords(stack: string, run: WorkloadReport): string {
  const [priced] = costOfRuns(stack, [run]).workloads;
  return priced?.cost ? `, ${runMoneySpan(priced.cost)} USD` : "";
}

/** Status of a rejected request. */
function wordsOf(error: unknown): string {
  const body: unknown =
    typeof error === "object" && error !== null && "body" in error
      ? error.body
      : undefined;
  const parsed = z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .pipe(z.looseObject({ message: z.string() }))
    .safeParse(body);
  return parsed.data?.message ?? String(error);
}
