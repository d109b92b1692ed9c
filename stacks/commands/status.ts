import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { readOptions, runCommand, stackFolder } from "./command";
import { Pulumi } from "./pulumi";
import { describeReport, nextSteps, writeReport, type Report } from "./report";
import { clientConfig, kubeconfigOf, notUp, readState } from "./stack-state";
import { table } from "./table";

/** `npm run status -- [--stack S]`: the report again, with the cluster's nodes and pods. */
runCommand(async () => {
  const { values } = readOptions({
    stack: { type: "string", short: "s", default: "local" },
  });
  const { stack } = values;
  const pulumi = await Pulumi.resolve();
  const file = join(stackFolder(stack), "report.json");
  if (!existsSync(file)) {
    throw notUp(stack);
  }
  const last = JSON.parse(readFileSync(file, "utf8")) as Report;
  const report = await writeReport(pulumi, stack, {
    startedAt: new Date(last.startedAt),
    seconds: last.seconds,
  });
  const kubeconfig = kubeconfigOf(await readState(pulumi, stack));
  process.stdout.write(`${describeReport(report)}\n\n`);
  if (kubeconfig !== undefined) {
    process.stdout.write(`${await describeCluster(kubeconfig)}\n\n`);
  }
  process.stdout.write(`${nextSteps(report)}\n`);
});

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
