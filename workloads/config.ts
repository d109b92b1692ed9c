import { z } from "zod";

import type { TeamQuota } from "../components/teams/quota";
import type { NodePool } from "../infra/platform";
import type { Problem } from "../infra/problem";
import { checkNotebooks, notebookSchema } from "./notebooks/config";
import { ownWorkloadSchema } from "./schema/workload";

/** Which workloads a stack runs; a workload that is not named does not run. */
export const workloadsSchema = z
  .object({
    notebooks: z
      .array(notebookSchema)
      .optional()
      .describe("Notebook servers, one a person"),
  })
  .catchall(
    ownWorkloadSchema.describe(
      "A workload of a folder, by the folder's name; `clickstream` comes with the project",
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

/** What notebooks are checked against besides their own schema. */
export interface WorkloadSurroundings {
  readonly pools: readonly NodePool[];
  readonly teams: readonly {
    readonly name: string;
    readonly quota: TeamQuota;
  }[];
  readonly workloads: WorkloadsConfig;
}

/** What does not fit of workloads that are none of folders: a team or pool that is not there. */
export function checkWorkloads({
  workloads,
  teams,
  pools,
}: WorkloadSurroundings): readonly Problem[] {
  const { notebooks = [] } = workloads;
  return checkNotebooks("workloads.notebooks", notebooks, teams, pools);
}
