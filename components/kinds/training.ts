import type { core } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

/** Restart policy of a replica whose process fails; `ExitCode` restarts exit codes from 128 upwards. */
export type ReplicaRestartPolicy =
  "Always" | "OnFailure" | "Never" | "ExitCode";

/** Replicas of one role (`ReplicaSpec` of training-operator 1.9, pkg/apis/kubeflow.org/v1/common_types.go). */
export interface ReplicaSpec {
  readonly replicas: number;
  readonly restartPolicy: ReplicaRestartPolicy;
  readonly template: pulumi.Input<core.v1.PodTemplateSpec>;
}

/** Settings of a job as a whole, and of its clean-up. */
export interface RunPolicy {
  /** Pods that are deleted when the job has ended. */
  readonly cleanPodPolicy?: "All" | "Running" | "None";
  /** Seconds after which an ended job is removed. */
  readonly ttlSecondsAfterFinished?: number;
  /** Seconds after which a job that still runs has failed. */
  readonly activeDeadlineSeconds?: number;
  /** Restarts of all replicas together after which the job has failed. */
  readonly backoffLimit?: number;
  readonly suspend?: boolean;
}
