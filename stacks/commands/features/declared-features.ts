import type { V1Container, V1EnvVar, V1Job } from "@kubernetes/client-node";
import { z } from "zod";

import { commandLabel } from "../../../workloads/features/labels";
import { CommandError } from "../cli/command-error";
import type { StateResource } from "../state/stack-state";

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

/** A Spark job as it stands in a stack: where, and what runs. */
export interface SparkTemplate {
  readonly namespace: string;
  readonly spec: SparkSpec;
}

/** Component whose objects alone count: a workload of a team may have jobs of any path and name. */
const dataSetType = "mlstack:workloads:StreamedDataSet";

const types = {
  application: "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication",
  schedule: "kubernetes:sparkoperator.k8s.io/v1beta2:ScheduledSparkApplication",
  cronJob: "kubernetes:batch/v1:CronJob",
  deployment: "kubernetes:apps/v1:Deployment",
} as const;

const placeSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string().optional(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()).prefault({}),
  }),
});

const applicationSchema = z.looseObject({ spec: specSchema });
const scheduleSchema = z.looseObject({
  spec: z.looseObject({ template: specSchema }),
});

const podSchema = z.looseObject({
  spec: z.looseObject({
    containers: z.array(
      z.looseObject({
        command: z.array(z.string()).prefault([]),
        args: z.array(z.string()).prefault([]),
        env: z.array(z.custom<V1EnvVar>()).optional(),
      }),
    ),
  }),
});
const deploymentSchema = z.looseObject({
  spec: z.looseObject({ template: podSchema }),
});
const cronJobSchema = z.looseObject({
  spec: z.looseObject({
    jobTemplate: z.looseObject({ spec: z.custom<V1Job["spec"]>() }),
  }),
});

/**
 * Streamed data sets in a stack's state. The cluster is not queried: members of a team may create objects there with
 * any label, name and path, and a command that took one for the stack's own would run it with an account of the stack.
 */
export class DeclaredFeatures {
  private readonly own: readonly StateResource[];

  constructor(resources: readonly StateResource[]) {
    this.own = resources.filter(({ urn }) =>
      (urn.split("::")[2] ?? "").split("$").includes(dataSetType),
    );
  }

  /** The Spark job that has a name. @throws {CommandError} when the stack has none */
  sparkJob(namespace: string, name: string): SparkTemplate {
    const found = this.of(types.application).find(
      ({ metadata }) =>
        metadata.namespace === namespace && metadata.name === name,
    );
    if (found === undefined)
      throw new CommandError(`the stack has no job ${namespace}/${name}`);
    return { namespace, spec: applicationSchema.parse(found.inputs).spec };
  }

  /** The Spark jobs whose program's path ends so. */
  sparkJobsOf(path: string): readonly SparkTemplate[] {
    return this.of(types.application).flatMap(({ metadata, inputs }) => {
      const { spec } = applicationSchema.parse(inputs);
      return spec.mainApplicationFile.endsWith(path)
        ? [{ namespace: metadata.namespace, spec }]
        : [];
    });
  }

  /** The Spark schedules that have all of some labels. */
  sparkSchedules(
    labels: Readonly<Record<string, string>>,
  ): readonly SparkTemplate[] {
    return this.of(types.schedule)
      .filter(({ metadata }) => hasAll(metadata.labels, labels))
      .map(({ metadata, inputs }) => ({
        namespace: metadata.namespace,
        spec: scheduleSchema.parse(inputs).spec.template,
      }));
  }

  /** Environment of the Deployment whose container runs a module with one of some arguments, if there is one. */
  deploymentWith(
    namespace: string,
    module: string,
    args: readonly string[],
  ): readonly V1EnvVar[] | undefined {
    const container = this.of(types.deployment)
      .filter(({ metadata }) => metadata.namespace === namespace)
      .flatMap(
        ({ inputs }) =>
          deploymentSchema.parse(inputs).spec.template.spec.containers,
      )
      .find(
        ({ command, args: given }) =>
          command.includes(module) && args.some((each) => given.includes(each)),
      );
    return container && (container.env ?? []);
  }

  /**
   * The suspended CronJob of a data set that tools run like: a copy, with its container.
   *
   * @param of namespace; that of the first data set unless given
   * @throws {CommandError} when the stack keeps no streamed data set
   */
  tool(of?: string): {
    readonly namespace: string;
    readonly spec: V1Job["spec"];
    readonly container: V1Container;
  } {
    const cron = this.of(types.cronJob).find(
      ({ metadata }) =>
        hasAll(metadata.labels, { [commandLabel]: "questions" }) &&
        (of === undefined || metadata.namespace === of),
    );
    const spec =
      cron &&
      structuredClone(cronJobSchema.parse(cron.inputs).spec.jobTemplate.spec);
    const container = spec?.template.spec?.containers[0];
    if (cron === undefined || container === undefined)
      throw new CommandError(
        "the stack keeps no streamed data set; declare one under mlstack:streams",
      );
    return { namespace: cron.metadata.namespace, spec, container };
  }

  private of(type: string) {
    return this.own
      .filter((resource) => resource.type === type)
      .map(({ inputs }) => ({ inputs, ...placeSchema.parse(inputs) }));
  }
}

function hasAll(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(
    ([label, value]) => labels[label] === value,
  );
}
