import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { nodeUseSchema } from "../../../infra/provider/node-use";
import { runMoneySpan } from "../../cost/money";
import { root, stackFolder } from "../cli/paths";
import type { Pulumi } from "../engine/pulumi";
import { servicesOf, type Service } from "./services";
import {
  kubeconfigOf,
  readState,
  type StateResource,
} from "../state/stack-state";
import { jobEndType, jobsOf } from "../jobs/awaited-jobs";
import { table } from "../cli/table";
import {
  costOfRuns,
  describeRunCosts,
  type RunCosts,
} from "../cost/report-costs";
import { keepRuns } from "../jobs/run-history";
import { readUnfinished } from "../jobs/unfinished-jobs";
import type { WorkloadReport } from "../jobs/workload-report";

/** Report of an `up`, as stored in `.mlstack/<stack>/report.json`. */
export interface Report {
  readonly stack: string;
  readonly target: string;
  /** When the last `up` began, and how long it ran, where it is known here. */
  readonly startedAt?: string;
  readonly seconds?: number;
  readonly workloads: readonly WorkloadReport[];
  /** Services for people; credentials are in the state only. */
  readonly services: readonly Omit<Service, "token">[];
  /** Cost of its jobs; absent where nothing is billed by the hour. */
  readonly costs?: RunCosts;
}

const jobEnd = z.object({
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  state: z.string(),
  // Ends of earlier releases have none.
  startedAt: z.string().optional(),
  finishedAt: z.string(),
  seconds: z.number(),
  startup: z
    .object({
      driver: z.number().optional(),
      firstExecutor: z.number().optional(),
    })
    .prefault({}),
  nodeUse: z.array(nodeUseSchema).optional().catch(undefined),
  result: z
    // A team's own job may call by these names what is something else.
    .looseObject({
      rows: z.number().optional().catch(undefined),
      metrics: z.record(z.string(), z.number()).prefault({}).catch({}),
    })
    .prefault({}),
});

/** Gathers a stack's report, and writes it and the kubeconfig to the stack's folder. */
export async function writeReport(
  pulumi: Pulumi,
  stack: string,
  run: { readonly startedAt: Date; readonly seconds: number } | undefined,
): Promise<Report> {
  const resources = await readState(pulumi, stack);
  const kubeconfig = kubeconfigOf(resources);
  const unfinished =
    kubeconfig === undefined ? [] : await readUnfinished(kubeconfig, resources);
  const workloads = [...endedJobs(resources, run?.startedAt), ...unfinished];
  const report: Report = {
    stack,
    target: targetOf(resources),
    ...(run && {
      startedAt: run.startedAt.toISOString(),
      seconds: run.seconds,
    }),
    ...costOfRuns(stack, workloads),
    services: servicesOf(resources).map(({ name, kind, url }) => ({
      name,
      kind,
      url,
    })),
  };
  const folder = stackFolder(stack);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  keepRuns(stack, workloads);
  replaceFile(
    join(folder, "report.json"),
    `${JSON.stringify(report, null, 2)}\n`,
  );
  if (kubeconfig !== undefined)
    replaceFile(join(folder, "kubeconfig"), kubeconfig);
  return report;
}

/** Writes a file for its owner alone, as a whole: a program that reads it meanwhile sees the old one or the new one. */
function replaceFile(path: string, text: string): void {
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, text, { mode: 0o600 });
  renameSync(partial, path);
}

/**
 * Jobs that ended well; one that failed leaves no `JobEnd` in the state. An end is that of the run whose object the
 * state has: one that stays behind, since `up` failed before it came to it, describes no existing job.
 *
 * @param since beginning of the `up` to report on
 */
export function endedJobs(
  resources: readonly StateResource[],
  since?: Date,
): WorkloadReport[] {
  const runs = new Set(jobsOf(resources).map(({ uid }) => uid));
  return resources
    .filter(({ type }) => type === jobEndType)
    .map(({ outputs }) => jobEnd.parse(outputs))
    .filter(({ uid }) => runs.has(uid))
    .map(({ result, finishedAt, ...end }) => ({
      ...end,
      finishedAt,
      rows: result.rows,
      metrics: result.metrics,
      ...(since && Date.parse(finishedAt) < since.getTime()
        ? { earlier: true }
        : {}),
    }));
}

function targetOf(resources: readonly StateResource[]): string {
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const target = stack?.outputs["target"];
  return typeof target === "string" ? target : "unknown";
}

/** Metrics that the report shows where a job has them. */
const shown: Readonly<Record<string, (value: number) => string>> = {
  rejected: String,
  duplicates: String,
  perSecond: String,
  auc: (value) => value.toFixed(4),
};

/** The report for people: a table, the errors, and where to go from here. */
export function describeReport(report: Report): string {
  const metrics = Object.keys(shown).filter((name) =>
    report.workloads.some((each) => each.metrics[name] !== undefined),
  );
  const isPriced = report.workloads.some(({ cost }) => cost !== undefined);
  const rows = report.workloads.map((each) => [
    each.name,
    each.earlier ? `${each.state}, earlier` : each.state,
    each.seconds?.toFixed(1) ?? "",
    each.startup.driver?.toFixed(1) ?? "",
    each.startup.firstExecutor?.toFixed(1) ?? "",
    ...(isPriced ? [each.cost ? runMoneySpan(each.cost) : ""] : []),
    each.rows === undefined ? "" : String(each.rows),
    ...metrics.map((name) => {
      const value = each.metrics[name];
      return value === undefined ? "" : (shown[name]?.(value) ?? "");
    }),
  ]);
  const errors = report.workloads.flatMap(({ name, error, waiting }) =>
    [error, waiting].flatMap((words) =>
      words === undefined ? [] : [`  ${name}: ${words}`],
    ),
  );
  return [
    `stack ${report.stack} on ${report.target}${report.seconds === undefined ? "" : `, ${report.seconds.toFixed(0)} s`}`,
    "",
    table(
      [
        ...["WORKLOAD", "STATE", "SECONDS", "DRIVER", "EXECUTOR"],
        ...(isPriced ? ["USD"] : []),
        "ROWS",
        ...metrics.map(title),
      ],
      rows,
    ),
    ...(report.costs ? ["", ...describeRunCosts(report.costs)] : []),
    ...(report.services.length > 0
      ? [
          "",
          table(
            ["SERVICE", "KIND", "URL IN THE CLUSTER"],
            report.services.map(({ name, kind, url }) => [name, kind, url]),
          ),
        ]
      : []),
    ...(errors.length > 0 ? ["", ...errors] : []),
  ].join("\n");
}

/** A metric's name as the head of a column: `perSecond` is PER SECOND. */
function title(metric: string): string {
  return metric.replace(/[A-Z]/g, " $&").toUpperCase();
}

/** Suggested next commands after `up`. */
export function nextSteps({ stack, services }: Report): string {
  const folder = stackFolder(stack).slice(root.length + 1);
  return [
    `  kubeconfig  ${folder}/kubeconfig`,
    `  report      ${folder}/report.json`,
    "",
    `  eval "$(npm run -s env)"                          pulumi, kubectl and helm by hand`,
    `  kubectl --kubeconfig ${folder}/kubeconfig get pods -A`,
    ...services.map(
      ({ name }) =>
        `  npm run open -- ${name}${stack === "local" ? "" : ` --stack ${stack}`}`,
    ),
    `  npm run status${flag(stack)}                               this again, with nodes and pods`,
    `  npm run preview${flag(stack)}                              what a change would do`,
    `  npm run down${flag(stack)}                                 take all of it away`,
  ].join("\n");
}

function flag(stack: string): string {
  return stack === "local" ? "" : ` -- --stack ${stack}`;
}
