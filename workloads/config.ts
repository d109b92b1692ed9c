import { z } from "zod";

import type { TeamQuota } from "../components/teams/quota";
import type { NodePool } from "../infra/platform";
import type { Problem } from "../infra/problem";
import { checkNotebooks, notebookSchema } from "./notebooks/config";
import { ownWorkloadSchema } from "./schema/workload";

/** Workloads of a stack. */
export const workloadsSchema = z
  .object({
    notebooks: z
      .array(notebookSchema)
      .optional()
      .describe("Notebook servers, one per person"),
  })
  .catchall(
    ownWorkloadSchema.describe(
      "A workload of a folder, by the folder's name; `clickstream` is an example in the project",
    ),
  )
  .transform(({ notebooks, ...own }) => ({
    ...(notebooks === undefined ? {} : { notebooks }),
    /** Workloads of folders, by their names. */
    own,
  }))
  .prefault({});

/** Configuration of a stack's workloads. */
export type WorkloadsConfig = z.output<typeof workloadsSchema>;

/** Parts of a stack that its notebooks are validated against. */
export interface WorkloadSurroundings {
  readonly pools: readonly NodePool[];
  readonly teams: readonly {
    readonly name: string;
    readonly quota: TeamQuota;
  }[];
  readonly workloads: WorkloadsConfig;
}

/** Problems with the workloads declared in the stack's file: a team or a pool that does not exist. */
export function checkWorkloads({
  workloads,
  teams,
  pools,
}: WorkloadSurroundings): readonly Problem[] {
  const { notebooks = [] } = workloads;
  return checkNotebooks("workloads.notebooks", notebooks, teams, pools);
}
