import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { batchJobSpec, type BatchRunArgs } from "./batch-job";

/** Arguments of a container that runs on a schedule. */
export interface BatchScheduleArgs extends BatchRunArgs {
  /** Cron line. */
  readonly schedule: string;
  readonly timeZone: string;
  /** A schedule that is suspended is a job that a person starts. */
  readonly suspended: boolean;
}

/** A container that runs to its end on a schedule, one run at a time. */
export class BatchSchedule extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: BatchScheduleArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:BatchSchedule", name, {}, opts);
    const { labels, annotations } = args;
    new k8s.batch.v1.CronJob(
      name,
      {
        metadata: { name, namespace: args.team.namespace, labels, annotations },
        spec: {
          schedule: args.schedule,
          timeZone: args.timeZone,
          suspend: args.suspended,
          concurrencyPolicy: "Forbid",
          successfulJobsHistoryLimit: 3,
          failedJobsHistoryLimit: 3,
          jobTemplate: {
            metadata: { labels },
            spec: batchJobSpec(name, args),
          },
        },
      },
      {
        parent: this,
        provider: args.platform.provider,
        dependsOn: [...args.account.ready, ...(args.after ?? [])],
      },
    );
    this.registerOutputs();
  }
}
