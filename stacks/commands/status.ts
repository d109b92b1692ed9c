import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "@commander-js/extra-typings";
import { z } from "zod";

import { stackFolder } from "./cli/paths";
import { examples, jsonOption, stackOption } from "./cli/options";
import { Pulumi } from "./engine/pulumi";
import { describeReport, nextSteps, writeReport } from "./report/report";
import {
  clientConfig,
  kubeconfigOf,
  notUp,
  readState,
} from "./state/stack-state";
import { table } from "./cli/table";

const lastRun = z.looseObject({ startedAt: z.string(), seconds: z.number() });

/** `status`: the report again, with the cluster's nodes and pods. */
export function define(command: Command): void {
  command
    .addOption(stackOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["npm run status", "the stack `local`"],
        ["npm run -s status -- --stack aws --json", "the report as JSON"],
      ),
    )
    .action(({ stack, json }) => status(stack, json === true));
}

async function status(stack: string, json: boolean): Promise<void> {
  const pulumi = await Pulumi.resolve({ stack });
  if (!(await pulumi.has(stack))) throw notUp(stack);
  const report = await writeReport(pulumi, stack, runOf(stack));
  if (json) {
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const kubeconfig = kubeconfigOf(await readState(pulumi, stack));
  process.stdout.write(`${describeReport(report)}\n\n`);
  if (kubeconfig !== undefined) {
    process.stdout.write(`${await describeCluster(kubeconfig)}\n\n`);
  }
  process.stdout.write(`${nextSteps(report)}\n`);
}

/** When and how long the last `up` ran, where that was in this checkout. */
function runOf(stack: string) {
  const file = join(stackFolder(stack), "report.json");
  const last = existsSync(file)
    ? lastRun.safeParse(JSON.parse(readFileSync(file, "utf8"))).data
    : undefined;
  return last && { startedAt: new Date(last.startedAt), seconds: last.seconds };
}

async function describeCluster(kubeconfig: string): Promise<string> {
  const { CoreV1Api } = await import("@kubernetes/client-node");
  const config = await clientConfig(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const [nodes, pods] = await Promise.all([
    api.listNode(),
    api.listPodForAllNamespaces(),
  ]);
  return [
    table(
      ["NODE", "POOL", "READY", "CPU", "MEMORY", "GPU", "VERSION"],
      nodes.items.map(({ metadata, status }) => [
        metadata?.name ?? "",
        metadata?.labels?.["mlstack.dev/pool"] ?? "",
        status?.conditions?.find(({ type }) => type === "Ready")?.status ?? "",
        status?.allocatable?.["cpu"] ?? "",
        status?.allocatable?.["memory"] ?? "",
        status?.allocatable?.["nvidia.com/gpu"] ?? "",
        status?.nodeInfo?.kubeletVersion ?? "",
      ]),
    ),
    "",
    table(
      ["NAMESPACE", "POD", "PHASE", "RESTARTS", "NODE"],
      pods.items.map(({ metadata, spec, status }) => [
        metadata?.namespace ?? "",
        metadata?.name ?? "",
        status?.phase ?? "",
        String(status?.containerStatuses?.[0]?.restartCount ?? 0),
        spec?.nodeName ?? "",
      ]),
    ),
  ].join("\n");
}
