import type { batch, apiextensions } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../../infra/platform";
import type { Team } from "../teams/team";

/** Arguments of the wait for a job's end. */
export interface JobEndArgs {
  /** Secret. */
  readonly kubeconfig: pulumi.Input<string>;
  readonly apiVersion: pulumi.Input<string>;
  /** `SparkApplication`, `Job`, `PyTorchJob`, `TFJob` or `XGBoostJob`. */
  readonly kind: pulumi.Input<string>;
  readonly namespace: pulumi.Input<string>;
  readonly name: pulumi.Input<string>;
  /** Identity of the run: for another one, the wait starts again. */
  readonly uid: pulumi.Input<string>;
  /** Seconds after which a job that has not ended counts as failed. */
  readonly timeoutSeconds: pulumi.Input<number>;
}

/** Result that a job writes as its termination message. */
export interface JobResult {
  readonly rows?: number;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly [field: string]: unknown;
}

/** The end of a job: the program goes on when the job has succeeded, and fails with its last words when it has failed. */
export class JobEnd extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly state: pulumi.Output<string>;
  /** Instant of the job's creation. */
  declare readonly startedAt: pulumi.Output<string>;
  declare readonly finishedAt: pulumi.Output<string>;
  declare readonly seconds: pulumi.Output<number>;
  declare readonly result: pulumi.Output<JobResult>;
  /** Seconds from the job's creation to the start of its first containers. */
  declare readonly startup: pulumi.Output<{
    readonly driver?: number;
    readonly firstExecutor?: number;
  }>;

  constructor(
    name: string,
    args: JobEndArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "mlstack:index:JobEnd",
      name,
      {
        ...args,
        state: undefined,
        startedAt: undefined,
        finishedAt: undefined,
        seconds: undefined,
        result: undefined,
        startup: undefined,
      },
      opts,
    );
  }
}

/** The end of a job of a team that is an object of the program, under the same name. */
export function endOf(
  name: string,
  job: batch.v1.Job | apiextensions.CustomResource,
  args: {
    readonly platform: Platform;
    readonly team: Team;
    readonly timeoutSeconds: number;
  },
  opts: pulumi.CustomResourceOptions,
): JobEnd {
  return new JobEnd(
    name,
    {
      kubeconfig: args.platform.kubeconfig,
      apiVersion: job.apiVersion,
      kind: job.kind,
      namespace: args.team.namespace,
      name,
      uid: pulumi.output(job.metadata).apply(({ uid }) => uid ?? ""),
      timeoutSeconds: args.timeoutSeconds,
    },
    opts,
  );
}
