import type * as pulumi from "@pulumi/pulumi";

import type { HudiStore } from "../components/hudi-store";
import type { Team } from "../components/team";
import type { Platform } from "../infra/platform";
import { Clickstream } from "./clickstream";
import type { WorkloadsConfig } from "./config";

/** What the workloads stand on. */
export interface WorkloadsArgs {
  readonly platform: Platform;
  readonly store: HudiStore;
  readonly teams: ReadonlyMap<string, Team>;
  readonly workloads: WorkloadsConfig;
  /** Operators that must be there first. */
  readonly operators: readonly pulumi.Resource[];
}

/** Registers the workloads that a stack asks for. @returns how each of their jobs ended. */
export function runWorkloads(
  args: WorkloadsArgs,
): readonly pulumi.Output<WorkloadEnd>[] {
  const { clickstream } = args.workloads;
  if (clickstream === undefined) return [];
  return new Clickstream(
    "clickstream",
    { ...args, config: clickstream },
    { dependsOn: [...args.operators] },
  ).ends;
}

/** How one job of a workload ended, as the stack's outputs tell it. */
export interface WorkloadEnd {
  readonly name: string;
  readonly kind: string;
  readonly namespace: string;
  readonly state: string;
  readonly seconds: number;
}
