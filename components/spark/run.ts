import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import type { PlacedPool, Platform } from "../../infra/platform";
import type {
  RestartPolicy,
  SparkApplicationSpec,
  SparkPod,
} from "../kinds/spark-application";
import {
  containerSecurity,
  podSecurity,
  workloadUser,
} from "../pods/restricted-pod";
import { sparkConf } from "./conf";
import { eventLogConf } from "../spark-history/event-log";
import { overheadMebibytes, type JvmSize, type SparkJobSize } from "./job-size";
import type { Team, TeamAccount } from "../teams/team";
import type { SparkOperator } from "./operator";
import { sparkVersion } from "../versions";

/** Arguments common to a Spark job and a scheduled one. */
export interface SparkRunArgs {
  readonly platform: Platform;
  /** Must be there first, with its kinds. */
  readonly operator: SparkOperator;
  readonly team: Team;
  readonly account: TeamAccount;
  readonly pool: PlacedPool;
  readonly image: pulumi.Input<string>;
  /** Path of the Python file in the image. */
  readonly file: string;
  readonly arguments: readonly pulumi.Input<string>[];
  readonly size: SparkJobSize;
  /** More of the containers' environment. */
  readonly env?: readonly k8s.types.input.core.v1.EnvVar[];
  /** Further dependencies; a component does not pass its own `dependsOn` to its children. */
  readonly after?: readonly pulumi.Resource[];
  /** Settings of this job beside those of every job. */
  readonly conf?: Readonly<Record<string, string>>;
  /** Settings in the place of those of the product's own jobs. */
  readonly baseConf?: Readonly<Record<string, string>>;
  /** Pool of the executors; the driver's unless given. */
  readonly executorPool?: PlacedPool;
  /** Seconds after which Kubernetes ends the driver of an attempt, and its executors with it; never unless given. */
  readonly deadlineSeconds?: number;
  /** Labels of the SparkApplication. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Labels of the pods. */
  readonly podLabels?: Readonly<Record<string, string>>;
}

/** Restart policy with a given number of retries. */
export function onFailureUpTo(retries: number): RestartPolicy {
  if (retries === 0) return { type: "Never" };
  return { ...onFailure, onFailureRetries: retries };
}

/** Three times, for what passes by itself: a node that is taken away, a store that does not answer. */
export const onFailure: RestartPolicy = {
  type: "OnFailure",
  onFailureRetries: 3,
  onFailureRetryInterval: 10,
  onSubmissionFailureRetries: 3,
  onSubmissionFailureRetryInterval: 10,
};

/** SparkApplication spec, placed on the pool and with the team's service account. */
export function sparkApplicationSpec(
  args: SparkRunArgs,
  restartPolicy: RestartPolicy,
): SparkApplicationSpec {
  const { driver, executor } = args.size;
  const { eventLogs } = args.team;
  return {
    type: "Python",
    pythonVersion: "3",
    mode: "cluster",
    sparkVersion,
    image: args.image,
    imagePullPolicy: "IfNotPresent",
    mainApplicationFile: `local://${args.file}`,
    arguments: [...args.arguments],
    sparkConf: {
      ...(args.baseConf ?? sparkConf),
      ...(executor === "none" ? driverOnly(driver) : {}),
      ...(eventLogs === undefined ? {} : eventLogConf(eventLogs)),
      ...args.conf,
    },
    hadoopConf: { ...args.account.identity.hadoopConf },
    restartPolicy,
    driver: {
      ...sparkPod("driver", driver, args, args.deadlineSeconds),
      serviceAccount: args.account.name,
    },
    // The kind wants a size in any case; without executors, nothing reads it.
    executor:
      executor === "none"
        ? { ...sparkPod("executor", driver, args), instances: 1 }
        : {
            ...sparkPod("executor", executor, {
              ...args,
              pool: args.executorPool ?? args.pool,
            }),
            instances: executor.instances,
          },
    ...(executor === "none" || executor.max === undefined
      ? {}
      : {
          dynamicAllocation: {
            enabled: true,
            initialExecutors: executor.instances,
            minExecutors: executor.instances,
            maxExecutors: executor.max,
          },
        }),
  };
}

/** Runs the tasks in the driver's JVM, as many at once as it has cores, each up to four times as on executors. */
function driverOnly({ cores }: JvmSize): Readonly<Record<string, string>> {
  return { "spark.kubernetes.driver.master": `local[${cores},4]` };
}

function sparkPod(
  role: "driver" | "executor",
  size: JvmSize,
  args: SparkRunArgs,
  activeDeadlineSeconds?: number,
): SparkPod {
  return {
    cores: size.cores,
    coreRequest: size.cpuRequest,
    memory: size.memory,
    memoryOverhead: `${overheadMebibytes(size)}m`,
    template: {
      metadata: {
        labels: { ...args.account.identity.podLabels, ...args.podLabels },
      },
      spec: {
        ...(activeDeadlineSeconds === undefined
          ? {}
          : { activeDeadlineSeconds }),
        // Spark runs executors as the driver's account, which the object store knows; they ask nothing of the cluster.
        ...(role === "executor" ? { automountServiceAccountToken: false } : {}),
        nodeSelector: args.pool.placement.nodeSelector,
        tolerations: [...args.pool.placement.tolerations],
        securityContext: podSecurity(workloadUser),
        containers: [container(role, args)],
      },
    },
  };
}

function container(
  role: "driver" | "executor",
  args: SparkRunArgs,
): k8s.types.input.core.v1.Container {
  return {
    // By these names Spark fills in the template, and the operator reads how a driver ended.
    name: `spark-kubernetes-${role}`,
    env: [...args.account.identity.env, ...(args.env ?? [])],
    securityContext: containerSecurity,
  };
}
