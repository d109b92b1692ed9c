import * as k8s from "@pulumi/kubernetes";
import type { core, meta } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

/** Number and interval of a failed application's restarts. */
export interface RestartPolicy {
  readonly type: "Never" | "OnFailure" | "Always";
  readonly onFailureRetries?: number;
  /** Seconds. */
  readonly onFailureRetryInterval?: number;
  readonly onSubmissionFailureRetries?: number;
  /** Seconds. */
  readonly onSubmissionFailureRetryInterval?: number;
}

/** Fields common to driver and executor (`SparkPodSpec`). */
export interface SparkPod {
  readonly cores: number;
  /** Whole or milli cores asked of Kubernetes, when fewer than `cores`. */
  readonly coreRequest?: string;
  readonly coreLimit?: string;
  /** JVM memory with Spark's unit, such as `1g`. */
  readonly memory: string;
  readonly memoryOverhead?: string;
  readonly serviceAccount?: pulumi.Input<string>;
  readonly javaOptions?: string;
  readonly template?: pulumi.Input<core.v1.PodTemplateSpec>;
}

/** `spec` of a SparkApplication as operator 2.4 reads it (api/v1beta2/sparkapplication_types.go). */
export interface SparkApplicationSpec {
  readonly type: "Python" | "Scala" | "Java" | "R";
  readonly mode: "cluster";
  readonly pythonVersion?: "3";
  readonly sparkVersion: string;
  readonly image: pulumi.Input<string>;
  readonly imagePullPolicy?: "IfNotPresent" | "Always";
  readonly mainApplicationFile: string;
  readonly arguments: pulumi.Input<pulumi.Input<string>[]>;
  readonly sparkConf: pulumi.Input<Record<string, pulumi.Input<string>>>;
  readonly hadoopConf?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  readonly restartPolicy: RestartPolicy;
  /** Seconds after which an ended application is removed. */
  readonly timeToLiveSeconds?: number;
  readonly driver: SparkPod;
  readonly executor: SparkPod & { readonly instances: number };
  /** Executors as the tasks need them; what they have shuffled is followed, and kept while somebody may read it. */
  readonly dynamicAllocation?: {
    readonly enabled: true;
    readonly initialExecutors: number;
    readonly minExecutors: number;
    readonly maxExecutors: number;
  };
}

/** A Spark job that the Spark operator submits and follows (`sparkoperator.k8s.io/v1beta2`). */
export class SparkApplication extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: {
      readonly metadata: pulumi.Input<meta.v1.ObjectMeta>;
      readonly spec: SparkApplicationSpec;
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    super(
      name,
      {
        apiVersion: "sparkoperator.k8s.io/v1beta2",
        kind: "SparkApplication",
        ...args,
      },
      opts,
    );
  }
}
