import type * as pulumi from "@pulumi/pulumi";

import type { HudiStore } from "../components/stores/hudi-store";
import type { JobEnd } from "../components/jobs/job-end";
import type { SparkOperator } from "../components/spark/operator";
import type { Team } from "../components/teams/team";
import type { Platform } from "../infra/platform";
import type { DeclaredWorkload } from "./declaration/declared-workload";
import { OwnWorkload } from "./own/own-workload";

/** Dependencies of the workloads. */
export interface WorkloadsArgs {
  readonly platform: Platform;
  readonly store: HudiStore;
  readonly teams: ReadonlyMap<string, Team>;
  /** Workloads of folders. */
  readonly declared: readonly DeclaredWorkload[];
  readonly sparkOperator: SparkOperator;
  /** The training operator; resources to create before a PyTorch, TensorFlow or XGBoost training. */
  readonly trainingOperator?: pulumi.Input<pulumi.Resource[]>;
  /** KServe, where the stack has it; resources to create before an InferenceService. */
  readonly kserve?: pulumi.Input<pulumi.Resource[]>;
  /** Kubeflow Pipelines; resources to create before a pipeline. */
  readonly pipelines?: pulumi.Input<pulumi.Resource[]>;
}

/** Registers the workloads of folders that a stack names. @returns the ends of their jobs. */
export function runWorkloads({
  declared,
  teams,
  store,
  ...args
}: WorkloadsArgs): readonly JobEnd[] {
  return declared.flatMap((workload) => {
    const team = teams.get(workload.team);
    // The declaration has been checked; see declareWorkloads.
    if (team === undefined)
      throw new Error(`there is no team ${workload.team}`);
    const own = { declared: workload, store: store.of(workload.team), team };
    return [...new OwnWorkload(workload.name, { ...args, ...own }).ends];
  });
}
