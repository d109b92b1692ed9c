import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { PlacedPool, Platform } from "../infra/platform";
import { JobEnd } from "./job-end";
import { SparkApplication, type SparkPod } from "./kinds/spark-application";
import { sparkConf } from "./spark-conf";
import {
  overheadMebibytes,
  type JvmSize,
  type SparkJobSize,
} from "./spark-job-size";
import type { Team, TeamAccount } from "./team";
import { sparkVersion } from "./versions";

/** What a Spark job is. */
export interface SparkJobArgs {
  readonly platform: Platform;
  readonly team: Team;
  readonly account: TeamAccount;
  readonly pool: PlacedPool;
  readonly image: pulumi.Input<string>;
  /** Path of the Python file in the image. */
  readonly file: string;
  readonly arguments: readonly pulumi.Input<string>[];
  readonly size: SparkJobSize;
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
    const application = new SparkApplication(
      name,
      {
        metadata: { name, namespace: args.team.namespace },
        spec: {
          type: "Python",
          pythonVersion: "3",
          mode: "cluster",
          sparkVersion,
          image: args.image,
          imagePullPolicy: "IfNotPresent",
          mainApplicationFile: `local://${args.file}`,
          arguments: [...args.arguments],
          sparkConf,
          hadoopConf: { ...args.account.identity.hadoopConf },
          restartPolicy: {
            type: "OnFailure",
            onFailureRetries: 3,
            onFailureRetryInterval: 10,
            onSubmissionFailureRetries: 3,
            onSubmissionFailureRetryInterval: 10,
          },
          driver: {
            ...sparkPod(args.size.driver, args),
            serviceAccount: args.account.name,
          },
          executor: {
            ...sparkPod(args.size.executor, args),
            instances: args.size.executor.instances,
          },
        },
      },
      {
        parent: this,
        provider: args.platform.provider,
        dependsOn: [...args.account.ready],
        // A changed job is another run: in place, the operator's status would for a while tell of the last one.
        replaceOnChanges: ["spec"],
      },
    );
    this.end = new JobEnd(
      name,
      {
        kubeconfig: args.platform.kubeconfig,
        apiVersion: "sparkoperator.k8s.io/v1beta2",
        kind: "SparkApplication",
        namespace: args.team.namespace,
        name,
        uid: application.metadata.apply(({ uid }) => uid ?? ""),
        timeoutSeconds: args.timeoutSeconds,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

function sparkPod(size: JvmSize, args: SparkJobArgs): SparkPod {
  return {
    cores: size.cores,
    coreRequest: size.cpuRequest,
    memory: size.memory,
    memoryOverhead: `${overheadMebibytes(size)}m`,
    template: {
      metadata: { labels: args.account.identity.podLabels },
      spec: {
        ...args.pool.placement,
        nodeSelector: args.pool.placement.nodeSelector,
        tolerations: [...args.pool.placement.tolerations],
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 185,
          runAsGroup: 185,
          fsGroup: 185,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [container(args)],
      },
    },
  };
}

function container(args: SparkJobArgs): k8s.types.input.core.v1.Container {
  return {
    // Spark fills in the first container of a template.
    name: "spark",
    env: [...args.account.identity.env],
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    },
  };
}
