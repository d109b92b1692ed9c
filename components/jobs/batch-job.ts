import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../../infra/platform";
import type { BatchJobSize } from "./batch-job-size";
import { endOf, type JobEnd } from "./job-end";
import {
  runOptions,
  staysOnItsNode,
  withoutAwaitingTheEnd,
} from "./run-options";
import type { Team } from "../teams/team";
import { teamPodSpec, type TeamPodArgs } from "../teams/pod";

/** A container that runs to its end, however often it runs. */
export interface BatchRunArgs extends TeamPodArgs {
  readonly platform: Platform;
  readonly team: Team;
  readonly size: BatchJobSize;
  /** Number of retries after a failure. */
  readonly retries: number;
  /** Seconds after which Kubernetes ends it, and it counts as failed. */
  readonly timeoutSeconds: number;
  /** Labels of the job's object. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Labels of the pods. */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** Resources that are created, and jobs that end, before it starts. */
  readonly after?: readonly pulumi.Resource[];
}

/** A container that runs to its end once. */
export interface BatchJobArgs extends BatchRunArgs {
  /** Input whose change starts a new run; the job's specification unless given. */
  readonly declaration?: pulumi.Input<object>;
}

/** A container that runs to its end; the program waits for it and fails with it. */
export class BatchJob extends pulumi.ComponentResource {
  readonly end: JobEnd;

  constructor(
    name: string,
    args: BatchJobArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:BatchJob", name, {}, opts);
    const job = submitBatchJob(name, args, { parent: this });
    this.end = endOf(
      name,
      job,
      // The job's own deadline comes first, so that it is ended and not only given up.
      { ...args, timeoutSeconds: args.timeoutSeconds + 60 },
      { parent: this },
    );
    this.registerOutputs();
  }
}

/** A run of a container, whose end nobody awaits. */
export function submitBatchJob(
  name: string,
  args: BatchJobArgs,
  opts: pulumi.CustomResourceOptions,
): k8s.batch.v1.Job {
  const spec = batchJobSpec(name, args);
  return new k8s.batch.v1.Job(
    name,
    {
      metadata: {
        name,
        namespace: args.team.namespace,
        labels: args.labels,
        annotations: { ...args.annotations, ...withoutAwaitingTheEnd },
      },
      spec,
    },
    runOptions(args.declaration ?? spec, {
      ...opts,
      provider: args.platform.provider,
      dependsOn: [...args.account.ready, ...(args.after ?? [])],
    }),
  );
}

/** Specification of the Job: its pod is placed on the pool, under the team's account. */
export function batchJobSpec(
  name: string,
  args: BatchRunArgs,
): k8s.types.input.batch.v1.JobSpec {
  return {
    backoffLimit: args.retries,
    activeDeadlineSeconds: args.timeoutSeconds,
    template: {
      metadata: {
        labels: { ...args.account.identity.podLabels, ...args.podLabels },
        annotations: {
          // With Istio, a sidecar would outlive the container, and the Job would never end.
          "sidecar.istio.io/inject": "false",
          ...staysOnItsNode,
        },
      },
      spec: {
        restartPolicy: "Never",
        ...teamPodSpec(name, args),
      },
    },
  };
}
