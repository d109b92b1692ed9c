import * as pulumi from "@pulumi/pulumi";

import { SparkApplication } from "./kinds/spark-application";
import { sparkApplicationSpec, type SparkRunArgs } from "./spark-run";

/** A PySpark job that runs on: the operator starts it again whenever it ends, and the program does not wait. */
export class SparkService extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: SparkRunArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:SparkService", name, {}, opts);
    new SparkApplication(
      name,
      {
        metadata: { name, namespace: args.team.namespace },
        spec: sparkApplicationSpec(args, {
          type: "Always",
          onFailureRetryInterval: 10,
          onSubmissionFailureRetryInterval: 10,
        }),
      },
      {
        parent: this,
        provider: args.platform.provider,
        dependsOn: [
          args.operator.installed,
          ...args.account.ready,
          ...(args.after ?? []),
        ],
      },
    );
    this.registerOutputs();
  }
}
