import * as k8s from "@pulumi/kubernetes";
import type { meta } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

import type { SparkApplicationSpec } from "./spark-application";

/** `spec` of a ScheduledSparkApplication as operator 2.4 reads it. */
export interface ScheduledSparkApplicationSpec {
  /** Cron line. */
  readonly schedule: string;
  readonly timeZone?: string;
  readonly suspend?: boolean;
  /** Concurrency policy: what happens to a run that is due while the last one is active. */
  readonly concurrencyPolicy: "Allow" | "Forbid" | "Replace";
  readonly successfulRunHistoryLimit?: number;
  readonly failedRunHistoryLimit?: number;
  readonly template: SparkApplicationSpec;
}

/** A scheduled Spark job (`sparkoperator.k8s.io/v1beta2`). */
export class ScheduledSparkApplication
  extends k8s.apiextensions.CustomResource
{
  constructor(
    name: string,
    args: {
      readonly metadata: pulumi.Input<meta.v1.ObjectMeta>;
      readonly spec: ScheduledSparkApplicationSpec;
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    super(
      name,
      {
        apiVersion: "sparkoperator.k8s.io/v1beta2",
        kind: "ScheduledSparkApplication",
        ...args,
      },
      opts,
    );
  }
}
