import * as pulumi from "@pulumi/pulumi";

import { endOf, type JobEnd } from "../jobs/job-end";
import { dependenciesOf } from "./dependencies";
import { runOptions } from "../jobs/run-options";
import {
  SparkApplication,
  type RestartPolicy,
} from "../kinds/spark-application";
import { onFailure, sparkApplicationSpec, type SparkRunArgs } from "./run";

/** A Spark job that ends. */
export interface SparkJobArgs extends SparkRunArgs {
  /** Seconds after which a job that has not ended counts as failed. */
  readonly timeoutSeconds: number;
  /** {@link onFailure} unless given. */
  readonly restartPolicy?: RestartPolicy;
  /** Input whose change starts a new run; the job's specification unless given. */
  readonly declaration?: pulumi.Input<object>;
}

/** A PySpark job that runs through the Spark operator; the program waits for its end and fails with it. */
export class SparkJob extends pulumi.ComponentResource {
  readonly end: JobEnd;

  constructor(
    name: string,
    args: SparkJobArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:SparkJob", name, {}, opts);
    const application = submitSparkJob(name, args, { parent: this });
    this.end = endOf(name, application, args, { parent: this });
    this.registerOutputs();
  }
}

/** A run of a Spark job, whose end nobody awaits. */
export function submitSparkJob(
  name: string,
  args: SparkJobArgs,
  opts: pulumi.CustomResourceOptions,
): SparkApplication {
  const spec = sparkApplicationSpec(args, args.restartPolicy ?? onFailure);
  const { labels, annotations } = args;
  const { provider } = args.platform;
  return new SparkApplication(
    name,
    {
      metadata: { name, namespace: args.team.namespace, labels, annotations },
      spec,
    },
    runOptions(args.declaration ?? spec, {
      ...opts,
      provider,
      dependsOn: dependenciesOf(name, args, { parent: opts.parent, provider }),
    }),
  );
}
