import * as pulumi from "@pulumi/pulumi";

import { ScheduledSparkApplication } from "../kinds/scheduled-spark-application";
import type { RestartPolicy } from "../kinds/spark-application";
import { dependenciesOf } from "./dependencies";
import { onFailure, sparkApplicationSpec, type SparkRunArgs } from "./run";

/** Arguments of a scheduled Spark job. */
export interface SparkScheduleArgs extends SparkRunArgs {
  /** Cron line. */
  readonly schedule: string;
  /** UTC unless given. */
  readonly timeZone?: string;
  /** {@link onFailure} unless given. */
  readonly restartPolicy?: RestartPolicy;
  /** A schedule that is suspended is a job that a person starts. */
  readonly suspended?: boolean;
}

/** A scheduled PySpark job, one run at a time. */
export class SparkSchedule extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: SparkScheduleArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:SparkSchedule", name, {}, opts);
    const child = { parent: this, provider: args.platform.provider };
    new ScheduledSparkApplication(
      name,
      {
        metadata: {
          name,
          namespace: args.team.namespace,
          labels: args.labels,
          annotations: args.annotations,
        },
        spec: {
          schedule: args.schedule,
          timeZone: args.timeZone ?? "UTC",
          suspend: args.suspended ?? false,
          // Two runs would write the same rows.
          concurrencyPolicy: "Forbid",
          successfulRunHistoryLimit: 3,
          failedRunHistoryLimit: 3,
          template: sparkApplicationSpec(args, args.restartPolicy ?? onFailure),
        },
      },
      {
        ...child,
        dependsOn: dependenciesOf(name, args, child),
      },
    );
    this.registerOutputs();
  }
}
