import { randomBytes } from "node:crypto";

import type {
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  CustomObjectsApi,
  V1Container,
  V1EnvVar,
  V1Job,
} from "@kubernetes/client-node";
import { z } from "zod";

import { commandLabel } from "../../../workloads/features/labels";
import { CommandError } from "../cli/command-error";
import { runJob, until } from "./run-job";
import { connect } from "../state/stack-state";

const sparkOperator = {
  group: "sparkoperator.k8s.io",
  version: "v1beta2",
  plural: "sparkapplications",
};

const specSchema = z.looseObject({
  mainApplicationFile: z.string(),
  arguments: z.array(z.string()),
  driver: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        containers: z.array(
          z.looseObject({ env: z.array(z.unknown()).prefault([]) }),
        ),
      }),
    }),
  }),
});

/** Specification of a Spark job, as far as a command changes it. */
export type SparkSpec = z.output<typeof specSchema>;

const applicationSchema = z.looseObject({
  spec: specSchema,
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

/** Whatever people submit is among them. */
const applicationsSchema = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ namespace: z.string() }),
      spec: z.looseObject({ mainApplicationFile: z.string().optional() }),
    }),
  ),
});

const scheduleSchema = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ namespace: z.string() }),
      spec: z.looseObject({ template: specSchema }),
    }),
  ),
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

/** A Spark job as it stands in a stack: where, and what runs. */
export interface SparkTemplate {
  readonly namespace: string;
  readonly spec: SparkSpec;
}

/** Overrides of a tool's container; the rest is that of the stack's suspended CronJob. */
export interface ToolRun {
  readonly command?: readonly string[];
  /** Arguments after those that are there, or instead of them where there is a command. */
  readonly args: readonly string[];
  /** Instead of the variables that are there. */
  readonly env?: readonly V1EnvVar[];
  /** Variables beside those. */
  readonly also?: readonly V1EnvVar[];
  /** Where it runs; the first one with such a CronJob, unless given. */
  readonly namespace?: string;
}

/** Jobs that a command runs on a stack, made of what the stack's own declarations left there. */
export class StackJobs {
  private constructor(
    readonly batch: BatchV1Api,
    readonly core: CoreV1Api,
    private readonly custom: CustomObjectsApi,
    private readonly apps: AppsV1Api,
  ) {}

  /** @throws {CommandError} when the stack is not up */
  static async connect(stack: string): Promise<StackJobs> {
    const { config } = await connect(stack);
    const client = await import("@kubernetes/client-node");
    return new StackJobs(
      config.makeApiClient(client.BatchV1Api),
      config.makeApiClient(client.CoreV1Api),
      config.makeApiClient(client.CustomObjectsApi),
      config.makeApiClient(client.AppsV1Api),
    );
  }

  /** Runs a tool in the cluster to its end. @returns the last line that it printed @throws {CommandError} with that line */
  async tool(run: ToolRun, seconds = 300): Promise<string> {
    const { namespace, spec, container } = await this.toolTemplate(
      run.namespace,
    );
    container.args = [...(run.command ? [] : (container.args ?? []))];
    container.args.push(...run.args);
    if (run.command) container.command = [...run.command];
    container.env = [...(run.env ?? container.env ?? []), ...(run.also ?? [])];
    return runJob(this, namespace, spec, seconds);
  }

  /** The Spark job that has a name. @throws {CommandError} when the stack has none */
  async sparkJob(namespace: string, name: string): Promise<SparkTemplate> {
    try {
      const { spec } = applicationSchema.parse(
        await this.custom.getNamespacedCustomObject({
          ...sparkOperator,
          namespace,
          name,
        }),
      );
      return { namespace, spec };
    } catch (error) {
      throw new CommandError(`the stack has no job ${namespace}/${name}`, {
        cause: error,
      });
    }
  }

  /** The Spark jobs, of all namespaces, whose program's path ends so. */
  async sparkJobsOf(path: string): Promise<readonly SparkTemplate[]> {
    const { items } = applicationsSchema.parse(
      await this.custom.listCustomObjectForAllNamespaces(sparkOperator),
    );
    return items
      .filter(({ spec }) => spec.mainApplicationFile?.endsWith(path))
      .map(({ metadata: { namespace }, spec }) => ({
        namespace,
        spec: specSchema.parse(spec),
      }));
  }

  /** The suspended Spark schedule that labels select, if there is one. */
  async sparkSchedule(labels: string): Promise<SparkTemplate | undefined> {
    return (await this.sparkSchedules(labels))[0];
  }

  /** The Spark schedules that labels select, of all namespaces. */
  async sparkSchedules(labels: string): Promise<readonly SparkTemplate[]> {
    const { items } = scheduleSchema.parse(
      await this.custom.listCustomObjectForAllNamespaces({
        ...sparkOperator,
        plural: "scheduledsparkapplications",
        labelSelector: labels,
      }),
    );
    return items.map(({ metadata: { namespace }, spec: { template } }) => ({
      namespace,
      spec: template,
    }));
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

  /** What a pod's first container has left as its result; nothing where the pod is gone. */
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

  /** Environment of the first container of a pod that a label selects; none where there is no such pod. */
  async environmentOf(
    namespace: string,
    label: string,
  ): Promise<readonly V1EnvVar[] | undefined> {
    const { items } = await this.core.listNamespacedPod({
      namespace,
      labelSelector: label,
    });
    return items[0]?.spec?.containers[0]?.env;
  }

  /** Environment of the Deployment whose container runs a module with one of some arguments, if there is one. */
  async deploymentWith(
    namespace: string,
    module: string,
    args: readonly string[],
  ): Promise<readonly V1EnvVar[] | undefined> {
    const { items } = await this.apps.listNamespacedDeployment({ namespace });
    const container = items
      .flatMap(({ spec }) => spec?.template.spec?.containers ?? [])
      .find(
        ({ command = [], args: given = [] }) =>
          command.includes(module) && args.some((each) => given.includes(each)),
      );
    return container && (container.env ?? []);
  }

  private async toolTemplate(of?: string): Promise<{
    readonly namespace: string;
    readonly spec: V1Job["spec"];
    readonly container: V1Container;
  }> {
    const { items } = await this.batch.listCronJobForAllNamespaces({
      labelSelector: `${commandLabel}=questions`,
    });
    const cron = items.find(
      ({ metadata }) => of === undefined || metadata?.namespace === of,
    );
    const spec = cron?.spec?.jobTemplate.spec;
    const container = spec?.template.spec?.containers[0];
    const namespace = cron?.metadata?.namespace;
    if (!container || namespace === undefined) {
      throw new CommandError(
        "the stack keeps no streamed data set; declare one under mlstack:streams",
      );
    }
    return { namespace, spec, container };
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
