import type { CoreV1Api, V1Pod } from "@kubernetes/client-node";
import type { Command } from "@commander-js/extra-typings";

import { CommandError } from "./cli/command-error";
import { examples, stackOption } from "./cli/options";
import { printLog } from "./pods/pod-log";
import { readyPod, serviceOf } from "./pods/service-pod";
import { servicesOf } from "./report/services";
import { connect } from "./state/stack-state";

/** Labels by which operators and controllers name what a pod belongs to. */
const nameLabels = [
  "sparkoperator.k8s.io/app-name",
  "training.kubeflow.org/job-name",
  "batch.kubernetes.io/job-name",
  "app.kubernetes.io/name",
  "app",
] as const;

/** `logs`: what a job, a service or a pod of the stack prints. */
export function define(command: Command): void {
  command
    .argument("[name]", "job, service or pod; all are named without it")
    .addOption(stackOption())
    .option("-f, --follow", "until the pod ends, or Ctrl-C")
    .option("--tail <lines>", "only the last lines")
    .addHelpText(
      "after",
      examples(
        ["npm run logs", "names what has logs"],
        ["npm run logs -- clickstream-training -f", "a job while it runs"],
      ),
    )
    .action((name, { stack, follow, tail }) =>
      logs(name, stack, follow === true, tail),
    );
}

async function logs(
  name: string | undefined,
  stack: string,
  follow: boolean,
  tail: string | undefined,
): Promise<void> {
  const tailLines = tail === undefined ? undefined : Number(tail);
  if (
    tailLines !== undefined &&
    !(Number.isInteger(tailLines) && tailLines > 0)
  )
    throw new CommandError(
      `--tail: ${JSON.stringify(tail)}: write a count of lines`,
    );
  const { resources, config } = await connect(stack);
  const { CoreV1Api: Core } = await import("@kubernetes/client-node");
  const core = config.makeApiClient(Core);
  const service = servicesOf(resources).find((each) => each.name === name);
  const pod = service
    ? (await readyPod(core, serviceOf(service.url))).pod
    : await podOf(core, name);
  const { namespace = "", name: podName = "" } = pod.metadata ?? {};
  const container = pod.spec?.containers[0]?.name ?? "";
  await printLog(
    config,
    { namespace, pod: podName, container },
    { follow, tailLines },
  );
}

/** The pod that a name means: the one of that name, else the newest that tells how what it belongs to went. */
async function podOf(
  core: CoreV1Api,
  name: string | undefined,
): Promise<V1Pod> {
  const { items } = await core.listPodForAllNamespaces();
  const own = items.find(({ metadata }) => metadata?.name === name);
  const found = own ?? newestOf(name, items);
  if (found) return found;
  const names = [...new Set(items.flatMap(namesOf))].sort();
  throw new CommandError(
    `logs: ${name === undefined ? "missing" : JSON.stringify(name)}: choose one of ${names.join(", ")}`,
  );
}

/** The pod of a job or service whose log is about the whole of it, and of several the newest. */
export function newestOf(
  name: string | undefined,
  pods: readonly V1Pod[],
): V1Pod | undefined {
  return pods
    .filter((pod) => name !== undefined && namesOf(pod).includes(name))
    .sort((one, other) => rank(other) - rank(one) || age(one) - age(other))[0];
}

/** Drivers and masters tell how a job went; executors and workers of their share alone. */
function rank({ metadata }: V1Pod): number {
  const labels = metadata?.labels ?? {};
  const leads =
    labels["spark-role"] === "driver" ||
    labels["training.kubeflow.org/job-role"] === "master";
  return leads ? 1 : 0;
}

function age({ metadata }: V1Pod): number {
  return -new Date(metadata?.creationTimestamp ?? 0).getTime();
}

function namesOf({ metadata }: V1Pod): string[] {
  return nameLabels.flatMap((label) => metadata?.labels?.[label] ?? []);
}
