import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import type * as k8s from "@pulumi/kubernetes";

import type { WorkloadReport } from "../../stacks/commands/jobs/workload-report";
import type { Kubectl } from "./kubectl";

/** A Spark job as it stands in the cluster, as far as the tests read it. */
export interface Application {
  readonly spec: {
    readonly arguments: readonly string[];
    readonly driver: {
      readonly template: {
        readonly spec: k8s.types.output.core.v1.PodSpec;
      };
    };
  };
  readonly status?: {
    readonly applicationState?: {
      readonly state: string;
      readonly errorMessage?: string;
    };
    readonly executionAttempts?: number;
    readonly driverInfo?: { readonly podName?: string };
  };
}

interface CronJob {
  readonly spec: {
    readonly jobTemplate: { readonly spec: k8s.types.output.batch.v1.JobSpec };
  };
}

/** Fields of a job's report. */
export type JobResult = Pick<WorkloadReport, "rows" | "metrics">;

/** The jobs of a streamed data set in a cluster of the tests, as whoever looks after them sees and starts them. */
export class StreamCluster {
  constructor(
    readonly kubectl: Kubectl,
    /** Begins the names of the data set's jobs. */
    private readonly prefix: string,
  ) {}

  /** A job of the data set. */
  job(job: string): Application {
    return this.application(`${this.prefix}-${job}`);
  }

  application(name: string): Application {
    return this.kubectl.get<Application>(
      ...["sparkapplication", name, "-n", "ml"],
    );
  }

  /** Deletes a pod as a machine that loses power would. */
  kill(pod: string, namespace: string): void {
    this.kubectl.run([
      ...["delete", "pod", pod, "-n", namespace],
      ...["--grace-period=0", "--force"],
    ]);
  }

  /** Waits until the ingestion, in whichever attempt, has written a batch. @returns its driver */
  async batch(number: number, end: AbortSignal): Promise<string> {
    for (;;) {
      await pause(500);
      end.throwIfAborted();
      try {
        const pod = this.job("ingest").status?.driverInfo?.podName;
        if (pod === undefined) continue;
        const log = this.kubectl.run(["logs", pod, "-n", "ml"]);
        const written = log
          .split("\n")
          .filter((line) => line.startsWith('{"batch"'))
          .map((line) => (JSON.parse(line) as { batch: number }).batch);
        if (Math.max(...written) >= number) return pod;
      } catch {
        // Not there yet, or between two attempts.
      }
    }
  }

  /** Names of the pods with a label. */
  pods(namespace: string, selector: string): readonly string[] {
    const { items } = this.kubectl.get<{
      items: { metadata: { name: string } }[];
    }>("pods", "-n", namespace, "-l", selector);
    return items.map(({ metadata }) => metadata.name);
  }

  /**
   * Runs Python in the cluster, with the packages of the stream and its ingestion's access; or as the tool of a data
   * set that answers questions, with its image and access.
   */
  async python<T>(
    script: string,
    argument: unknown,
    tool?: string,
  ): Promise<T> {
    const { spec } = this.kubectl.get<CronJob>(
      ...["cronjob", `${tool ?? this.prefix}-features`, "-n", "ml"],
    );
    const template = spec.jobTemplate.spec.template.spec;
    const [container] = template.containers;
    const access = tool
      ? template
      : this.job("ingest").spec.driver.template.spec;
    const job = `python-${randomBytes(4).toString("hex")}`;
    this.kubectl.apply({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: job, namespace: "ml" },
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            ...template,
            containers: [
              {
                ...container,
                command: ["python3", "-c", script],
                args: [JSON.stringify(argument)],
                env: access.containers[0]?.env,
                resources: {
                  requests: { cpu: "100m", memory: "1Gi" },
                  limits: { memory: "4Gi" },
                },
              },
            ],
          },
        },
      },
    });
    for (;;) {
      const { status } = this.kubectl.get<{
        status: { succeeded?: number; failed?: number };
      }>("job", job, "-n", "ml");
      if (status.succeeded || status.failed) {
        const log = this.kubectl.run(["logs", `job/${job}`, "-n", "ml"]).trim();
        assert.ok(status.succeeded, log);
        return JSON.parse(log.split("\n").at(-1) ?? "") as T;
      }
      await pause(1_000);
    }
  }

  /** Has the operator run a Spark job. */
  submit(name: string, spec: Application["spec"]): void {
    this.kubectl.apply({
      apiVersion: "sparkoperator.k8s.io/v1beta2",
      kind: "SparkApplication",
      metadata: { name, namespace: "ml" },
      spec,
    });
  }

  /** Runs a job of the data set once more, with other arguments, to its end. */
  async runAgain(job: string, args: readonly string[]): Promise<JobResult> {
    this.submit(`${job}-again`, { ...this.job(job).spec, arguments: args });
    return this.resultOf(`${job}-again`);
  }

  /** Waits for a job to complete. @returns what it says of itself */
  async resultOf(name: string): Promise<JobResult> {
    for (;;) {
      await pause(1_000);
      const { applicationState: state, driverInfo } =
        this.application(name).status ?? {};
      assert.notEqual(state?.state, "FAILED", state?.errorMessage);
      if (state?.state !== "COMPLETED") continue;
      const { status } = this.kubectl.get<k8s.types.output.core.v1.Pod>(
        ...["pod", driverInfo?.podName ?? "", "-n", "ml"],
      );
      const { message } = status.containerStatuses[0]?.state.terminated ?? {};
      return JSON.parse(message ?? "{}") as JobResult;
    }
  }
}
