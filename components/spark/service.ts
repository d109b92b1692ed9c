import * as pulumi from "@pulumi/pulumi";

import { SparkApplication } from "../kinds/spark-application";
import { dependenciesOf } from "./dependencies";
import { sparkApplicationSpec, type SparkRunArgs } from "./run";

/**
 * A PySpark job without an end, such as a stream: the operator restarts it whenever it fails, and the program does not
 * wait. A failure that a restart cannot mend ends it with exit code 0 and the reason.
 */
export class SparkService extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: SparkRunArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:SparkService", name, {}, opts);
    const child = { parent: this, provider: args.platform.provider };
    new SparkApplication(
      name,
      {
        metadata: { name, namespace: args.team.namespace },
        spec: sparkApplicationSpec(args, {
          type: "OnFailure",
          onFailureRetries: mostRetries,
          onFailureRetryInterval: 10,
          onSubmissionFailureRetries: mostRetries,
          onSubmissionFailureRetryInterval: 10,
        }),
      },
      {
        ...child,
        dependsOn: dependenciesOf(name, args, child),
      },
    );
    this.registerOutputs();
  }
}

/** The operator's greatest number; without one, it does not try again. */
const mostRetries = 2 ** 31 - 1;
