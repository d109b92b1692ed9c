import type { NodeUse } from "../../infra/provider/node-use";
import type { RunUse, SharedPool, Stay } from "./run-cost";
import { staysOf } from "./run-cost";

const daySeconds = 86_400;

/** A run that has ended, with the team whose it was. */
export interface TeamRun extends RunUse {
  readonly namespace: string;
}

/** Demand of runs per pool and team, over whole days until an instant. */
export interface RunDemand {
  readonly days: number;
  readonly pools: readonly DailyUse[];
  readonly teams: readonly (DailyUse & {
    /** Most at once. */
    readonly peaks: {
      readonly cores: number;
      readonly bytes: number;
      readonly gpus: number;
    };
  })[];
}

/** Node hours of each day, the oldest first, and the most nodes at once. */
export interface DailyUse {
  readonly name: string;
  readonly daily: readonly number[];
  readonly peak: number;
}

/**
 * Demand by day, as the cost of runs counts nodes: shares of nodes that always stand, whole nodes of a pool from zero.
 *
 * @param now end of the last day, in milliseconds of the epoch
 */
export function demandOf(
  runs: readonly TeamRun[],
  pools: readonly SharedPool[],
  now: number,
): RunDemand {
  const end = now / 1000;
  const stays = staysOf(runs, pools);
  const first = Math.min(end, ...stays.map(({ from }) => from));
  const days = Math.floor((end - first) / daySeconds);
  const since = end - days * daySeconds;
  const nameOf = ({ run }: Stay) => runs[run]?.namespace ?? "";
  return {
    days,
    pools: pools.map(({ name, fromZero }) => {
      const own = stays.filter(({ pool }) => pool?.name === name);
      return {
        name,
        daily: dailyHours(own, since, days),
        peak: fromZero ? peakNodes(own) : peakOf(own, ({ share }) => share),
      };
    }),
    teams: [...new Set(stays.map(nameOf))].map((name) => {
      const own = stays.filter((stay) => nameOf(stay) === name);
      return {
        name,
        daily: dailyHours(own, since, days),
        peak: peakOf(own, ({ share }) => share),
        peaks: {
          cores: peakOf(own, ({ use }) => meanOf(use, "coreSeconds")),
          bytes: peakOf(own, ({ use }) => meanOf(use, "byteSeconds")),
          gpus: peakOf(own, ({ use }) => meanOf(use, "gpuSeconds")),
        },
      };
    }),
  };
}

/** Node hours of each day; those of a stay are spread evenly over it. */
function dailyHours(stays: readonly Stay[], since: number, days: number) {
  return Array.from({ length: days }, (_, day) => {
    const begin = since + day * daySeconds;
    const end = begin + daySeconds;
    return stays.reduce((sum, { from, to, nodeSeconds }) => {
      const inside = Math.min(to, end) - Math.max(from, begin);
      return inside <= 0 || to <= from
        ? sum
        : sum + (nodeSeconds * inside) / (to - from) / 3600;
    }, 0);
  });
}

/** The most of something at one instant. */
function peakOf(stays: readonly Stay[], amountOf: (stay: Stay) => number) {
  const steps = stays.flatMap((stay) => [
    { at: stay.from, by: amountOf(stay) },
    { at: stay.to, by: -amountOf(stay) },
  ]);
  // At the same instant, ends come before begins.
  steps.sort((one, other) => one.at - other.at || one.by - other.by);
  let now = 0;
  return steps.reduce((most, { by }) => Math.max(most, (now += by)), 0);
}

/** The most different nodes at one instant. */
function peakNodes(stays: readonly Stay[]): number {
  return Math.max(
    0,
    ...stays.map(
      ({ from }) =>
        new Set(
          stays.flatMap((other) =>
            other.from <= from && other.to > from ? [other.node] : [],
          ),
        ).size,
    ),
  );
}

function meanOf(
  use: NodeUse,
  key: "coreSeconds" | "byteSeconds" | "gpuSeconds",
): number {
  const seconds =
    (Date.parse(use.finishedAt) - Date.parse(use.startedAt)) / 1000;
  return seconds > 0 ? use[key] / seconds : 0;
}
