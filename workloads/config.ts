import { z } from "zod";

import { amount } from "../infra/quantity";
import {
  executorCount,
  jobDemand,
  type SparkJobSize,
} from "../components/spark-job-size";
import type { TeamQuota } from "../components/team";
import type { NodePool } from "../infra/platform";
import type { Problem } from "../infra/problem";
import { checkClickstream, clickstreamSchema } from "./clickstream/config";
import { checkPipeline } from "./clickstream/pipeline-config";
import { checkTrainers, namedTrainers } from "./clickstream/trainers-config";
import { checkNotebooks, notebookSchema } from "./notebooks/config";
import { ownWorkloadSchema } from "./schema";

/** Which workloads a stack runs; a workload that is not named does not run. */
export const workloadsSchema = z
  .object({
    clickstream: clickstreamSchema
      .optional()
      .describe(
        "Features of click-stream sessions, and a model trained from them",
      ),
    notebooks: z
      .array(notebookSchema)
      .optional()
      .describe("Notebook servers, one a person"),
  })
  .catchall(
    ownWorkloadSchema.describe("A workload of a folder, by the folder's name"),
  )
  .transform(({ clickstream, notebooks, ...own }) => ({
    ...(clickstream === undefined ? {} : { clickstream }),
    ...(notebooks === undefined ? {} : { notebooks }),
    /** Workloads of folders, by their names. */
    own,
  }))
  .prefault({});

/** Configuration of a stack's workloads. */
export type WorkloadsConfig = z.output<typeof workloadsSchema>;

/** What a workload is checked against besides its own schema. */
export interface WorkloadSurroundings {
  readonly pools: readonly NodePool[];
  readonly teams: readonly {
    readonly name: string;
    readonly quota: TeamQuota;
  }[];
  readonly workloads: WorkloadsConfig;
  /** Which parts of Kubeflow the stack has. */
  readonly kubeflow: {
    readonly trainingOperator: boolean;
    readonly pipelines: boolean;
  };
}

interface WorkloadPlace {
  readonly team: string;
  readonly pool: string;
  readonly jobs: Readonly<Record<string, SparkJobSize>>;
}

/** What does not fit: a team or pool that is not there, a quota that is too small, a missing file. */
export function checkWorkloads(
  stack: WorkloadSurroundings,
): readonly Problem[] {
  const { clickstream, notebooks = [] } = stack.workloads;
  const notebookProblems = checkNotebooks(
    "workloads.notebooks",
    notebooks,
    stack.teams,
    stack.pools,
  );
  if (clickstream === undefined) return notebookProblems;
  const quota = stack.teams.find(
    ({ name }) => name === clickstream.team,
  )?.quota;
  return [
    ...notebookProblems,
    ...checkPlace(
      "workloads.clickstream",
      {
        ...clickstream,
        jobs: {
          features: clickstream.features,
          training: clickstream.training,
          "trainers.export": clickstream.trainers.export,
        },
      },
      stack,
    ),
    ...checkClickstream("workloads.clickstream", clickstream),
    ...checkTrainers("workloads.clickstream", clickstream, quota, stack.pools),
    ...checkPipeline(
      "workloads.clickstream.pipeline",
      clickstream.pipeline,
      quota,
      stack.kubeflow,
    ),
    ...checkTrainingOperator(stack),
  ];
}

function checkTrainingOperator({
  workloads: { clickstream },
  kubeflow,
}: WorkloadSurroundings): Problem[] {
  const trainers = clickstream ? namedTrainers(clickstream.trainers) : [];
  if (kubeflow.trainingOperator || trainers.length === 0) return [];
  return [
    {
      path: "workloads.clickstream.trainers",
      value: trainers.map(({ framework }) => framework),
      remedy: "set kubeflow.trainingOperator to true, or name no trainers",
    },
  ];
}

function checkPlace(
  path: string,
  place: WorkloadPlace,
  { teams, pools }: WorkloadSurroundings,
): Problem[] {
  const problems: Problem[] = [];
  const team = teams.find(({ name }) => name === place.team);
  if (team === undefined) {
    problems.push({
      path: `${path}.team`,
      value: place.team,
      remedy: `choose one of ${names(teams)}`,
    });
  } else {
    problems.push(...checkQuota(path, place, team.quota));
  }
  if (!pools.some(({ name }) => name === place.pool)) {
    problems.push({
      path: `${path}.pool`,
      value: place.pool,
      remedy: `choose one of ${names(pools)}`,
    });
  }
  return problems;
}

/** Jobs of a workload run one after another, so each alone must fit the quota. */
function checkQuota(
  path: string,
  { jobs }: WorkloadPlace,
  quota: TeamQuota,
): Problem[] {
  return Object.entries(jobs).flatMap(([job, size]) => {
    const demand = jobDemand(size);
    const problems: Problem[] = [];
    if (demand.cores > amount(quota.cpu)) {
      problems.push({
        path: `${path}.${job}`,
        value: `${demand.cores} cores`,
        remedy: `fit ${podsOf(size)} into the team's ${quota.cpu} cores, or raise its quota`,
      });
    }
    if (demand.bytes > amount(quota.memory)) {
      problems.push({
        path: `${path}.${job}`,
        value: `${(demand.bytes / 2 ** 30).toFixed(1)}Gi of memory`,
        remedy: `fit ${podsOf(size)} into the team's ${quota.memory}, or raise its quota`,
      });
    }
    return problems;
  });
}

function podsOf(size: SparkJobSize): string {
  const executors = executorCount(size);
  return executors === 0
    ? "the driver"
    : `the driver and ${executors} executors`;
}

function names(items: readonly { readonly name: string }[]): string {
  return items.map(({ name }) => name).join(", ");
}
