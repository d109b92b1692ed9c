import { runMoneySpan } from "../../cost/money";
import { ratedPools } from "../../cost/pool-rates";
import { type Dollars, runCosts, sumsBy } from "../../cost/run-cost";
import { oldestOf } from "../../cost/sum";
import { readStackConfig } from "../stack-file/stack-config";
import type { WorkloadReport } from "../jobs/workload-report";

/** Total cost of the jobs of a report. */
export interface RunCosts {
  /** By the namespace of the team; `atLeast` where one of its jobs has no figure. */
  readonly teams: readonly (Dollars & {
    readonly team: string;
    readonly atLeast: boolean;
  })[];
  /** Date of the oldest price that was used. */
  readonly pricesSince?: string;
}

/**
 * Jobs with what each cost, and the sums of their teams; the jobs alone where nothing of the stack is paid for by the
 * hour, or its file cannot be read: what was run is reported in any case.
 */
export function costOfRuns(
  stack: string,
  workloads: readonly WorkloadReport[],
): {
  readonly workloads: readonly WorkloadReport[];
  readonly costs?: RunCosts;
} {
  try {
    const pools = ratedPools(readStackConfig(stack).config);
    const costs = runCosts(
      workloads.map(({ nodeUse = [] }) => ({ nodeUse })),
      pools,
    );
    const priced = workloads.map((each, at) => {
      const cost = costs[at];
      return cost ? { ...each, cost } : each;
    });
    const teams = sumsBy(
      priced,
      ({ namespace }) => namespace,
      ({ cost }) => cost,
    );
    if (teams.length === 0) return { workloads };
    const used = pools.filter(({ name }) =>
      workloads.some(({ nodeUse = [] }) =>
        nodeUse.some(({ pool }) => pool === name),
      ),
    );
    return {
      workloads: priced,
      costs: {
        teams: teams.map(({ key, ...sum }) => ({ team: key, ...sum })),
        pricesSince: oldestOf(used.flatMap(({ sources }) => sources)),
      },
    };
  } catch {
    return { workloads };
  }
}

/** Spending per team, one line each. */
export function describeRunCosts({ teams, pricesSince }: RunCosts): string[] {
  const since =
    pricesSince === undefined ? "" : `, prices since ${pricesSince}`;
  return teams.map(
    ({ team, atLeast, ...sum }) =>
      `  team ${team}: these jobs cost ${atLeast ? "at least " : ""}${runMoneySpan(sum)} USD${since}`,
  );
}
