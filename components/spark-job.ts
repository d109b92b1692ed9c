import * as pulumi from "@pulumi/pulumi";

import { endOf, type JobEnd } from "./job-end";
import { SparkApplication } from "./kinds/spark-application";
import { runOptions } from "./run-options";
import {
  onFailure,
  sparkApplicationSpec,
  type SparkRunArgs,
} from "./spark-run";

/** A Spark job that ends. */
export interface SparkJobArgs extends SparkRunArgs {
  /** Seconds after which a job that has not ended counts as failed. */
  readonly timeoutSeconds: number;
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
    const spec = sparkApplicationSpec(args, onFailure);
    const application = new SparkApplication(
      name,
      { metadata: { name, namespace: args.team.namespace }, spec },
      runOptions(spec, {
        parent: this,
        provider: args.platform.provider,
        dependsOn: [
          args.operator.installed,
          ...args.account.ready,
          ...(args.after ?? []),
        ],
      }),
    );
    this.end = endOf(name, application, args, { parent: this });
    this.registerOutputs();
  }
}
