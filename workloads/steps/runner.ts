import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import type { JobEnd } from "../../components/jobs/job-end";
import type { SubmittedRun } from "../../components/spark/mounts";
import type { SparkOperator } from "../../components/spark/operator";
import type { Team, TeamAccount } from "../../components/teams/team";
import type { IdentityArgs, PlacedPool, Platform } from "../../infra/platform";
import type { Step } from "../schema/step";

/** A step whose image, account and values are there. */
export interface RunnableStep<S extends Step> {
  readonly platform: Platform;
  readonly sparkOperator: SparkOperator;
  /** The training operator; resources to create before a training. */
  readonly trainingOperator?: pulumi.Input<pulumi.Resource[]>;
  /** KServe, where the stack has it; resources to create before an InferenceService. */
  readonly kserve?: pulumi.Input<pulumi.Resource[]>;
  /** Kubeflow Pipelines, where the stack has it; resources to create before a pipeline. */
  readonly pipelines?: pulumi.Input<pulumi.Resource[]>;
  readonly team: Team;
  readonly account: TeamAccount;
  readonly pool: PlacedPool;
  /** Pool of a Spark job's executors, where it is another. */
  readonly executorPool?: PlacedPool;
  readonly step: S;
  readonly image: pulumi.Input<string>;
  readonly arguments: readonly pulumi.Input<string>[];
  readonly env: readonly k8s.types.input.core.v1.EnvVar[];
  readonly timeoutSeconds: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly podLabels: Readonly<Record<string, string>>;
  /** Input whose change starts a new run. */
  readonly declaration: pulumi.Input<object>;
  /** Ends of the steps that come first. */
  readonly after: readonly JobEnd[];
  /** Values of a pipeline step; absent for other kinds. */
  readonly given?: PipelineValues;
}

/** Values of a pipeline, resolved from the stack. */
export interface PipelineValues {
  /** Path of the compiled pipeline, from the root of the project. */
  readonly file: string;
  /** Values of parameters, as texts. */
  readonly parameters: Readonly<Record<string, pulumi.Input<string>>>;
  readonly arguments: Readonly<Record<string, pulumi.Input<string>>>;
  readonly cache: pulumi.Input<string>;
  readonly record?: pulumi.Input<string>;
  readonly grants: IdentityArgs["grants"];
  /** Spark jobs that its steps submit. */
  readonly submits: readonly SubmittedRun[];
  /** Resources to create before the SparkApplications that it submits. */
  readonly ready: readonly pulumi.Resource[];
}

/**
 * Registers what a step of a kind is in the cluster.
 *
 * @returns its end, where that is awaited
 */
export type Runner<S extends Step> = (
  name: string,
  args: RunnableStep<S>,
  opts: pulumi.ComponentResourceOptions,
) => JobEnd | undefined;

/** A time that a schedule which never runs by itself is given. */
export const never = "0 0 1 1 *";
