import type { V1Pod } from "@kubernetes/client-node";
import type { Command } from "@commander-js/extra-typings";

import { CommandError } from "./cli/command-error";
import { examples, stackOption } from "./cli/options";
import { printLog } from "./pods/pod-log";
import { readyPod, serviceOf } from "./pods/service-pod";
import { jobsOf } from "./jobs/awaited-jobs";
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
    .argument(
      "[name]",
      "job, service or pod, or NAMESPACE/NAME; without it, all are listed",
    )
    .addOption(stackOption())
    .option("-f, --follow", "follow the log until the pod ends, or Ctrl-C")
    .option("--tail <lines>", "print only the last lines")
    .addHelpText(
      "after",
      examples(
        ["npm run logs", "lists the names"],
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
    : podNamed(
        name,
        (await core.listPodForAllNamespaces()).items,
        jobsOf(resources),
      );
  const { namespace = "", name: podName = "" } = pod.metadata ?? {};
  const container = pod.spec?.containers[0]?.name ?? "";
  await printLog(
    config,
    { namespace, pod: podName, container },
    { follow, tailLines },
  );
}

/**
 * The pod of a name, else the newest pod of the job or service of that name, drivers and masters first. A job of the
 * stack is looked for in its own namespace alone: whoever makes pods in another one labels them as they like.
 *
 * @param name as it stands, or `NAMESPACE/NAME`
 * @param jobs of the stack's state
 * @throws {CommandError} where no pod, or pods of several namespaces have the name
 */
export function podNamed(
  name: string | undefined,
  pods: readonly V1Pod[],
  jobs: readonly { readonly namespace: string; readonly name: string }[],
): V1Pod {
  const [place, wanted] = name?.includes("/")
    ? name.split("/", 2)
    : [undefined, name];
  const declared = jobs.flatMap((job) =>
    job.name === wanted ? [job.namespace] : [],
  );
  const found = pods.filter(
    (pod) =>
      wanted !== undefined &&
      (pod.metadata?.name === wanted || namesOf(pod).includes(wanted)) &&
      (place !== undefined
        ? namespaceOf(pod) === place
        : declared.length === 0 || declared.includes(namespaceOf(pod))),
  );
  const places = [...new Set(found.map(namespaceOf))].sort();
  if (places.length > 1)
    throw new CommandError(
      `logs: ${JSON.stringify(name)}: several namespaces have it; write ${places.map((each) => `${each}/${wanted}`).join(" or ")}`,
    );
  const pod =
    found.find(({ metadata }) => metadata?.name === wanted) ??
    newestOf(wanted, found);
  if (pod) return pod;
  const names = [...new Set(pods.flatMap(namesOf))].sort();
  throw new CommandError(
    `logs: ${name === undefined ? "missing" : JSON.stringify(name)}: choose one of ${names.join(", ")}`,
  );
}

function namespaceOf({ metadata }: V1Pod): string {
  return metadata?.namespace ?? "";
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
