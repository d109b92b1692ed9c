import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { KubeConfig, V1Job } from "@kubernetes/client-node";
import { z } from "zod";

import { commandLabel, viewLabel } from "../../workloads/features/labels";
import { CommandError, readOptions, runCommand } from "./command";
import { Pulumi } from "./pulumi";
import { kubeconfigOf, readState } from "./stack-state";
import { table } from "./table";

/** Questions and how many words follow each. */
const questions: Readonly<Record<string, readonly string[]>> = {
  list: [],
  show: ["VIEW"],
  history: ["VIEW"],
  diff: ["VIEW", "INSTANT", "INSTANT"],
  rollback: ["VIEW", "INSTANT"],
};

const answerSchema = z.array(z.record(z.string(), z.unknown()));

const scheduleSchema = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
      spec: z.looseObject({
        template: z.looseObject({ arguments: z.array(z.string()) }),
      }),
    }),
  ),
});

/** `npm run features -- list|show VIEW|history VIEW|diff VIEW INSTANT INSTANT|rollback VIEW INSTANT [--stack S]` */
runCommand(async () => {
  const { values, positionals } = readOptions({
    stack: { type: "string", short: "s", default: "local" },
  });
  const [question = "", ...words] = positionals;
  requireQuestion(question, words);
  const kubeconfig = await connect(values.stack);
  if (question === "rollback") {
    const [view = "", instant = ""] = words;
    process.stdout.write(`${await rollback(kubeconfig, view, instant)}\n`);
    return;
  }
  const rows = await ask(kubeconfig, [question, ...words]);
  const columns = Object.keys(rows[0] ?? {});
  process.stdout.write(
    rows.length === 0
      ? "nothing\n"
      : `${table(
          columns.map((column) => column.toUpperCase()),
          rows.map((row) => columns.map((column) => String(row[column] ?? ""))),
        )}\n`,
  );
});

function requireQuestion(question: string, words: readonly string[]): void {
  const expected = questions[question];
  if (expected !== undefined && expected.length === words.length) return;
  const choices = Object.entries(questions).map(([name, rest]) =>
    [name, ...rest].join(" "),
  );
  throw new CommandError(
    `features ${[question, ...words].join(" ")}: ask one of: ${choices.join(" | ")}`,
  );
}

async function connect(stack: string): Promise<KubeConfig> {
  const kubeconfig = kubeconfigOf(
    await readState(await Pulumi.resolve(), stack),
  );
  if (kubeconfig === undefined) {
    throw new CommandError(
      `stack ${stack}: not up: bring it up with \`npm run up\``,
    );
  }
  const { KubeConfig: Config } = await import("@kubernetes/client-node");
  const config = new Config();
  config.loadFromString(kubeconfig);
  return config;
}

/** Runs a question as a Job of the suspended CronJob, and reads its answer. */
async function ask(
  config: KubeConfig,
  words: readonly string[],
): Promise<z.output<typeof answerSchema>> {
  const { BatchV1Api, CoreV1Api } = await import("@kubernetes/client-node");
  const [batch, core] = [
    config.makeApiClient(BatchV1Api),
    config.makeApiClient(CoreV1Api),
  ];
  const {
    items: [cron],
  } = await batch.listCronJobForAllNamespaces({
    labelSelector: `${commandLabel}=questions`,
  });
  const container = cron?.spec?.jobTemplate.spec?.template.spec?.containers[0];
  const namespace = cron?.metadata?.namespace;
  if (cron?.spec === undefined || !container || namespace === undefined) {
    throw new CommandError(
      "the stack keeps no streamed data set; declare one under workloads.streams",
    );
  }
  container.args = [...(container.args ?? []), ...words];
  const name = `features-${randomBytes(4).toString("hex")}`;
  const job: V1Job = {
    metadata: { name, namespace },
    spec: cron.spec.jobTemplate.spec,
  };
  await batch.createNamespacedJob({ namespace, body: job });
  try {
    const succeeded = await ended(async () => {
      const { status } = await batch.readNamespacedJobStatus({
        name,
        namespace,
      });
      if ((status?.succeeded ?? 0) > 0) return true;
      return (status?.failed ?? 0) > 0 ? false : undefined;
    }, 300);
    const { items } = await core.listNamespacedPod({
      namespace,
      labelSelector: `job-name=${name}`,
    });
    const pod = items[0]?.metadata?.name ?? "";
    const log = await core.readNamespacedPodLog({ name: pod, namespace });
    const last = log.trim().split("\n").at(-1) ?? "";
    if (!succeeded) throw new CommandError(last);
    return answerSchema.parse(JSON.parse(last));
  } finally {
    await batch.deleteNamespacedJob({
      name,
      namespace,
      propagationPolicy: "Background",
    });
  }
}

const sparkOperator = { group: "sparkoperator.k8s.io", version: "v1beta2" };

/** Runs the view's suspended rollback once. */
async function rollback(
  config: KubeConfig,
  view: string,
  instant: string,
): Promise<string> {
  const { CustomObjectsApi } = await import("@kubernetes/client-node");
  const api = config.makeApiClient(CustomObjectsApi);
  const {
    items: [schedule],
  } = scheduleSchema.parse(
    await api.listCustomObjectForAllNamespaces({
      ...sparkOperator,
      plural: "scheduledsparkapplications",
      labelSelector: `${commandLabel}=rollback,${viewLabel}=${view}`,
    }),
  );
  if (schedule === undefined) {
    throw new CommandError(
      `${view}: the stack declares no such view; \`npm run features -- list\` names them`,
    );
  }
  const { namespace } = schedule.metadata;
  const name = `rollback-${randomBytes(4).toString("hex")}`;
  const { template } = schedule.spec;
  const at = {
    ...sparkOperator,
    namespace,
    plural: "sparkapplications",
  };
  await api.createNamespacedCustomObject({
    ...at,
    body: {
      apiVersion: `${sparkOperator.group}/${sparkOperator.version}`,
      kind: "SparkApplication",
      metadata: { name, namespace },
      spec: {
        ...template,
        arguments: [...template.arguments, `--instant=${instant}`],
        timeToLiveSeconds: 3600,
      },
    },
  });
  const stateSchema = z.looseObject({
    status: z
      .looseObject({
        applicationState: z.looseObject({
          state: z.string(),
          errorMessage: z.string().optional(),
        }),
      })
      .optional(),
  });
  let message = "";
  const succeeded = await ended(async () => {
    const { status } = stateSchema.parse(
      await api.getNamespacedCustomObject({ ...at, name }),
    );
    message = status?.applicationState.errorMessage ?? "";
    switch (status?.applicationState.state) {
      case "COMPLETED":
        return true;
      case "FAILED":
        return false;
      default:
        return undefined;
    }
  }, 900);
  if (!succeeded) throw new CommandError(`${view}: ${message}`);
  return `${view} is what it was at ${instant}; \`npm run features -- history ${view}\` shows the new commits`;
}

/** Asks until there is an answer. @throws {CommandError} after so many seconds */
async function ended(
  poll: () => Promise<boolean | undefined>,
  seconds: number,
): Promise<boolean> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    const answer = await poll();
    if (answer !== undefined) return answer;
    await sleep(500);
  }
  throw new CommandError(`no answer within ${seconds} s`);
}
