import type * as pulumi from "@pulumi/pulumi";

import type { HudiStore } from "../components/hudi-store";
import type { JobEnd } from "../components/job-end";
import type { SparkOperator } from "../components/spark-operator";
import type { Team } from "../components/team";
import type { Platform } from "../infra/platform";
import { Clickstream } from "./clickstream";
import type { WorkloadsConfig } from "./config";
import type { DeclaredWorkload } from "./check";
import { OwnWorkload } from "./run";

/** What the workloads stand on. */
export interface WorkloadsArgs {
  readonly platform: Platform;
  readonly store: HudiStore;
  readonly teams: ReadonlyMap<string, Team>;
  readonly workloads: WorkloadsConfig;
  /** Workloads of folders. */
  readonly declared: readonly DeclaredWorkload[];
  readonly sparkOperator: SparkOperator;
  /** What must be there before a training of PyTorch, TensorFlow or XGBoost. */
  readonly trainingOperator?: pulumi.Input<pulumi.Resource[]>;
  /** What must be there before an InferenceService, where the stack has KServe. */
  readonly kserve?: pulumi.Input<pulumi.Resource[]>;
  /** What must be there before a pipeline on Kubeflow. */
  readonly pipelines?: pulumi.Input<pulumi.Resource[]>;
  /** Where jobs push what they measured, where the stack is observed. */
  readonly pushgatewayUrl?: pulumi.Output<string>;
}

/** Registers the workloads that a stack asks for. @returns the ends of their jobs. */
export function runWorkloads(args: WorkloadsArgs): readonly JobEnd[] {
  return [...runClickstream(args), ...runOwn(args)];
}

function runOwn({ declared, teams, store, ...args }: WorkloadsArgs): JobEnd[] {
  return declared.flatMap((workload) => [
    ...new OwnWorkload(workload.name, {
      ...args,
      declared: workload,
      store: store.of(workload.team),
      team: named(teams, workload.team),
    }).ends,
  ]);
}

function runClickstream(args: WorkloadsArgs): readonly JobEnd[] {
  const { platform, teams, workloads } = args;
  const { clickstream } = workloads;
  if (clickstream === undefined) return [];
  return new Clickstream("clickstream", {
    ...args,
    store: args.store.of(clickstream.team),
    team: named(teams, clickstream.team),
    pool: named(
      new Map(platform.pools.map((pool) => [pool.name, pool])),
      clickstream.pool,
    ),
    config: clickstream,
  }).ends;
}

function named<Item>(items: ReadonlyMap<string, Item>, name: string): Item {
  const item = items.get(name);
  // The schema has checked it; see checkWorkloads.
  if (item === undefined) throw new Error(`there is no ${name} in the stack`);
  return item;
}
