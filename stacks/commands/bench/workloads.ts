import type {
  BatchV1Api,
  CoreV1Api,
  CustomObjectsApi,
  V1PodSpec,
} from "@kubernetes/client-node";
import { z } from "zod";

import { jobKinds } from "../../../infra/provider/job-status";
import { containerStart } from "../../../infra/provider/job-pod";
import { jobPods } from "../pods/job-pods";
import { runJob } from "../jobs/run-job";
import { endedJobs } from "../report/report";
import { readyPod, serviceOf } from "../pods/service-pod";
import { servicesOf, type Service } from "../report/services";
import { connect } from "../state/stack-state";
import type { WorkloadReport } from "../jobs/workload-report";

/** Notes a figure, with the goal where there is one. */
type Note = (name: string, measured: number, goal?: number) => void;

/** Goals on 2 cores; not asserted. */
const goals = {
  appliedToAllRunning: 5,
  training: 60,
  pipelineOverhead: 10,
  requestsPerSecond: 500,
  p99Milliseconds: 20,
} as const;

/** Kinds of the training operator, whose jobs are one pod per replica. */
const trainings = ["PyTorchJob", "TFJob", "XGBoostJob"] as const;

const created = z.looseObject({
  metadata: z.looseObject({ creationTimestamp: z.string() }),
});

const loadSchema = z.object({
  requests: z.number(),
  perSecond: z.number(),
  p50Milliseconds: z.number(),
  p99Milliseconds: z.number(),
});

/** Trainings, pipelines and the server of click-stream models of a stack that is up. */
export class WorkloadBench {
  private constructor(
    readonly batch: BatchV1Api,
    readonly core: CoreV1Api,
    private readonly custom: CustomObjectsApi,
    private readonly ends: readonly WorkloadReport[],
    private readonly servers: readonly Service[],
  ) {}

  /** @throws {CommandError} when the stack is not up */
  static async connect(stack: string): Promise<WorkloadBench> {
    const { resources, config } = await connect(stack);
    const client = await import("@kubernetes/client-node");
    return new WorkloadBench(
      config.makeApiClient(client.BatchV1Api),
      config.makeApiClient(client.CoreV1Api),
      config.makeApiClient(client.CustomObjectsApi),
      endedJobs(resources),
      // The load client exists in this server's image only.
      servicesOf(resources).filter(
        ({ name }) => name === "clickstream-serving",
      ),
    );
  }

  /** From the timestamps of objects and pods, which are whole seconds. */
  async trainings(note: Note): Promise<void> {
    for (const kind of trainings) {
      for (const end of this.ends.filter((each) => each.kind === kind)) {
        note(
          `${end.name}, applied -> all replicas running`,
          await this.untilAllRan(kind, end),
          goals.appliedToAllRunning,
        );
        note(
          `${end.name}, applied -> completed`,
          end.seconds ?? NaN,
          goals.training,
        );
      }
    }
    notePipelines(this.ends, note);
  }

  /** One session a request, from a pod beside the server, over so many connections. */
  async serving(note: Note): Promise<void> {
    for (const { name, url } of this.servers) {
      for (const connections of [1, 4, 32]) {
        const load = await this.load(url, connections);
        const title = `${name}, ${connections} at once`;
        note(
          `${title}, requests a second`,
          load.perSecond,
          goals.requestsPerSecond,
        );
        note(`${title}, p50 (ms)`, load.p50Milliseconds);
        note(`${title}, p99 (ms)`, load.p99Milliseconds, goals.p99Milliseconds);
      }
    }
  }

  private async untilAllRan(
    kind: (typeof trainings)[number],
    { name, namespace }: WorkloadReport,
  ): Promise<number> {
    const { plural, pods: selector } = jobKinds[kind];
    const { metadata } = created.parse(
      await this.custom.getNamespacedCustomObject({
        group: "kubeflow.org",
        version: "v1",
        plural,
        namespace,
        name,
      }),
    );
    const pods = await jobPods(this.core, namespace, selector(name));
    const last = Math.max(
      ...pods.map((pod) => Date.parse(containerStart(pod) ?? "")),
    );
    return (last - Date.parse(metadata.creationTimestamp)) / 1000;
  }

  private async load(url: string, connections: number) {
    const place = serviceOf(url);
    const { pod } = await readyPod(this.core, place);
    const line = await runJob(
      this,
      place.namespace,
      {
        backoffLimit: 0,
        template: {
          spec: askingPod(pod.spec, [
            url,
            `--connections=${connections}`,
            "--seconds=10",
          ]),
        },
      },
      120,
    );
    return loadSchema.parse(JSON.parse(line));
  }
}

/** Notes what pipelines take beside their steps. */
function notePipelines(ends: readonly WorkloadReport[], note: Note): void {
  for (const { name, seconds = NaN, metrics } of ends) {
    const { stepSeconds } = metrics;
    if (stepSeconds === undefined) continue;
    note(
      `${name}, beside its steps`,
      seconds - stepSeconds,
      goals.pipelineOverhead,
    );
  }
}

/** A pod as the server's, which asks where that one answers. */
function askingPod(
  server: V1PodSpec | undefined,
  args: readonly string[],
): V1PodSpec {
  const [container] = server?.containers ?? [];
  return {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    nodeSelector: server?.nodeSelector,
    tolerations: server?.tolerations,
    securityContext: server?.securityContext,
    containers: [
      {
        name: "load",
        image: container?.image,
        command: ["python3", "-m", "serving.load"],
        args: [...args],
        securityContext: container?.securityContext,
        resources: {
          requests: { cpu: "100m", memory: "128Mi" },
          limits: { memory: "256Mi" },
        },
      },
    ],
  };
}
