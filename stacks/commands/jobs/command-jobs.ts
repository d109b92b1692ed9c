import { randomBytes } from "node:crypto";

import type {
  BatchV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  V1EnvVar,
} from "@kubernetes/client-node";
import { z } from "zod";

import { CommandError } from "../cli/command-error";
import {
  DeclaredFeatures,
  type SparkTemplate,
} from "../features/declared-features";
import { runJob, until } from "./run-job";
import { connect, type StateResource } from "../state/stack-state";

const sparkOperator = {
  group: "sparkoperator.k8s.io",
  version: "v1beta2",
  plural: "sparkapplications",
};

const applicationSchema = z.looseObject({
  status: z
    .looseObject({
      applicationState: z
        .looseObject({
          state: z.string(),
          errorMessage: z.string().optional(),
        })
        .optional(),
      driverInfo: z.looseObject({ podName: z.string().optional() }).optional(),
    })
    .optional(),
});

/** Pod statistics of a kubelet. */
const summarySchema = z.looseObject({
  pods: z.array(
    z.looseObject({
      podRef: z.looseObject({ name: z.string() }),
      memory: z
        .looseObject({ workingSetBytes: z.number().default(0) })
        .prefault({}),
    }),
  ),
});

/** Overrides of a tool's container; the rest is that of the stack's suspended CronJob. */
export interface ToolRun {
  readonly command?: readonly string[];
  /** Arguments after those that are there, or instead of them where there is a command. */
  readonly args: readonly string[];
  /** Instead of the variables that are there. */
  readonly env?: readonly V1EnvVar[];
  /** Variables beside those. */
  readonly also?: readonly V1EnvVar[];
  /** Namespace of the run; that of the first streamed data set, unless given. */
  readonly namespace?: string;
}

/** Jobs that a command runs on a stack, made of what the stack's own declarations say. */
export class CommandJobs {
  private constructor(
    /** The feature store's declarations in the stack's state. */
    readonly declared: DeclaredFeatures,
    readonly batch: BatchV1Api,
    readonly core: CoreV1Api,
    private readonly custom: CustomObjectsApi,
  ) {}

  /** @throws {CommandError} when the stack is not up */
  static async connect(stack: string): Promise<CommandJobs> {
    const { resources, config } = await connect(stack);
    return CommandJobs.of(resources, config);
  }

  /** Makes the jobs from a stack's state and access to its cluster. */
  static async of(
    resources: readonly StateResource[],
    config: KubeConfig,
  ): Promise<CommandJobs> {
    const client = await import("@kubernetes/client-node");
    return new CommandJobs(
      new DeclaredFeatures(resources),
      config.makeApiClient(client.BatchV1Api),
      config.makeApiClient(client.CoreV1Api),
      config.makeApiClient(client.CustomObjectsApi),
    );
  }

  /** Runs a tool in the cluster to its end. @returns the last line that it printed @throws {CommandError} with that line */
  async tool(run: ToolRun, seconds = 300): Promise<string> {
    const { namespace, spec, container } = this.declared.tool(run.namespace);
    container.args = [...(run.command ? [] : (container.args ?? []))];
    container.args.push(...run.args);
    if (run.command) container.command = [...run.command];
    container.env = [...(run.env ?? container.env ?? []), ...(run.also ?? [])];
    return runJob(this, namespace, spec, seconds);
  }

  /** Starts a Spark job of its own name. @returns the name */
  async startSpark(
    kind: string,
    { namespace, spec }: SparkTemplate,
  ): Promise<string> {
    const name = `${kind}-${randomBytes(4).toString("hex")}`;
    await this.custom.createNamespacedCustomObject({
      ...sparkOperator,
      namespace,
      body: {
        apiVersion: `${sparkOperator.group}/${sparkOperator.version}`,
        kind: "SparkApplication",
        metadata: { name, namespace },
        spec: { ...spec, timeToLiveSeconds: 3600 },
      },
    });
    return name;
  }

  /** Waits for a Spark job to end. @returns its result as text @throws {CommandError} when it fails */
  async sparkEnd(
    namespace: string,
    name: string,
    seconds = 900,
  ): Promise<string> {
    const { applicationState, driverInfo } = await until(seconds, async () => {
      const { status } = applicationSchema.parse(
        await this.custom.getNamespacedCustomObject({
          ...sparkOperator,
          namespace,
          name,
        }),
      );
      const state = status?.applicationState?.state ?? "";
      return ["COMPLETED", "FAILED"].includes(state) ? status : undefined;
    });
    const message = await this.terminationMessage(
      namespace,
      driverInfo?.podName,
    );
    if (applicationState?.state === "FAILED")
      throw new CommandError(
        `${name}: ${failureOf(message) ?? applicationState.errorMessage}`,
      );
    return message ?? "{}";
  }

  /** Termination message of a pod's first container; undefined once the pod is deleted. */
  private async terminationMessage(
    namespace: string,
    pod = "",
  ): Promise<string | undefined> {
    const { items } = await this.core.listNamespacedPod({
      namespace,
      fieldSelector: `metadata.name=${pod}`,
    });
    return items[0]?.status?.containerStatuses?.[0]?.state?.terminated?.message;
  }

  async deleteSpark(namespace: string, name: string): Promise<void> {
    await this.custom.deleteNamespacedCustomObject({
      ...sparkOperator,
      namespace,
      name,
    });
  }

  /** Bytes that the pods of a Spark job hold by now, as their nodes' kubelets say. */
  async memoryOf(namespace: string, job: string): Promise<number> {
    const { items: nodes } = await this.core.listNode();
    const summaries = await Promise.all(
      nodes.map(({ metadata }) =>
        this.core.connectGetNodeProxyWithPath({
          name: metadata?.name ?? "",
          path: "stats/summary",
        }),
      ),
    );
    const { items: pods } = await this.core.listNamespacedPod({
      namespace,
      labelSelector: `sparkoperator.k8s.io/app-name=${job}`,
    });
    const names = new Set(pods.map(({ metadata }) => metadata?.name));
    return (
      summaries
        // The client has read the JSON already, although its type says text.
        .flatMap((summary: unknown) => summarySchema.parse(summary).pods)
        .filter(({ podRef }) => names.has(podRef.name))
        .reduce((sum, { memory }) => sum + memory.workingSetBytes, 0)
    );
  }
}

const failureSchema = z.looseObject({ error: z.string() });

/** Reason in the result of a job that failed; the operator knows no more than the exit code. */
export function failureOf(result: string | undefined): string | undefined {
  try {
    return failureSchema.parse(JSON.parse(result ?? "")).error;
  } catch {
    // A message for people, or one that Kubernetes has cut.
    return result === "" ? undefined : result;
  }
}
