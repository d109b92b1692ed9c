import { monthHours } from "../../infra/prices/bill";
import type { Dollars } from "./run-cost";

/** Days that a history must span, so that each day of the week is in it twice. */
export const fewestDays = 14;

const monthDays = monthHours / 24;

/** Daily demand of a pool or team. */
export interface Demand {
  /** Node hours of each whole day of the history, the oldest first. */
  readonly daily: readonly number[];
}

/** A pool with its history and its bounds. */
export interface PoolDemand extends Demand {
  readonly pool: string;
  /** Most nodes that were asked for at once. */
  readonly peak: number;
  readonly min: number;
  readonly max: number;
  /** US dollars of an hour of a node; absent where it has no price. */
  readonly hour?: Dollars;
}

/** A team with its history and its quota, by the quota's resources: cores, bytes, GPUs. */
export interface TeamDemand extends Demand {
  readonly team: string;
  readonly resources: readonly {
    readonly name: string;
    /** Most that was asked for at once. */
    readonly peak: number;
    readonly quota: number;
  }[];
}

/** Inputs of a stack's forecast. */
export interface History {
  readonly pools: readonly PoolDemand[];
  readonly teams: readonly TeamDemand[];
  /** US dollars a month of what is there without any job, beside the nodes of the pools; absent where it has no price. */
  readonly fixed?: number;
  readonly budget?: number;
}

/** A month of a pool. */
export interface PoolMonth {
  readonly pool: string;
  /** 1 is the next one. */
  readonly month: number;
  readonly nodeHours: number;
  /** Whole nodes at its busiest. */
  readonly nodes: number;
  readonly usd?: Dollars;
}

/** A bound that is reached: from month 0 on it is by now. */
export interface ReachedBound {
  readonly bound: "max" | "quota" | "budget";
  /** Path in the stack's file. */
  readonly path: string;
  readonly month: number;
  readonly needed: number;
  readonly limit: number;
}

/** The next months of a stack. */
export interface Forecast {
  readonly pools: readonly PoolMonth[];
  /** Total cost of the stack by month; absent where part of it has no price. */
  readonly together: readonly (Dollars & { readonly month: number })[];
  /** Bounds reached within the forecast, earliest first. */
  readonly bounds: readonly ReachedBound[];
}

/** A straight line through values that are a day apart. */
export interface Trend {
  readonly mean: number;
  /** Change a day; 0 where the days cannot tell it from chance. */
  readonly slope: number;
}

/**
 * The line of least squares through daily values. A slope less than twice its standard error is taken for chance: two
 * noisy weeks must not become a growth of months.
 */
export function trendOf(daily: readonly number[]): Trend {
  const n = daily.length;
  const mean = daily.reduce((sum, value) => sum + value, 0) / Math.max(1, n);
  if (n < 3) return { mean, slope: 0 };
  const middle = (n - 1) / 2;
  const sxx = daily.reduce((sum, _, day) => sum + (day - middle) ** 2, 0);
  const sxy = daily.reduce(
    (sum, value, day) => sum + (day - middle) * (value - mean),
    0,
  );
  const slope = sxy / sxx;
  const residual = daily.reduce(
    (sum, value, day) => sum + (value - mean - slope * (day - middle)) ** 2,
    0,
  );
  const error = Math.sqrt(residual / (n - 2) / sxx);
  return { mean, slope: Math.abs(slope) > 2 * error ? slope : 0 };
}

/** The mean day of a month after the history, never below 0. @param month 1 is the next one */
export function meanDay(daily: readonly number[], month: number): number {
  const { mean, slope } = trendOf(daily);
  const middle = (daily.length - 1) / 2;
  const day = daily.length - 0.5 + (month - 0.5) * monthDays;
  return Math.max(0, mean + slope * (day - middle));
}

/** By how much demand has grown in a month, over the mean day of the history; 1 where there was none. */
export function growthTo(daily: readonly number[], month: number): number {
  const { mean } = trendOf(daily);
  return mean > 0 ? meanDay(daily, month) / mean : 1;
}

/** The next months of a stack: demand goes on along its line, its busiest moment grows with it. */
export function forecastOf(history: History, months: number): Forecast {
  const next = Array.from({ length: months }, (_, at) => at + 1);
  const pools = history.pools.flatMap((pool) =>
    next.map((month) => monthOf(pool, month)),
  );
  const together = next.flatMap((month) => {
    const costs = pools.flatMap((each) =>
      each.month === month ? [each.usd] : [],
    );
    const { fixed } = history;
    const known = costs.flatMap((usd) => usd ?? []);
    if (fixed === undefined || known.length < costs.length) return [];
    return [
      {
        month,
        low: known.reduce((sum, { low }) => sum + low, fixed),
        high: known.reduce((sum, { high }) => sum + high, fixed),
      },
    ];
  });
  return { pools, together, bounds: boundsOf(history, next, together) };
}

function monthOf(
  { pool, daily, peak, min, hour }: PoolDemand,
  month: number,
): PoolMonth {
  const nodeHours = meanDay(daily, month) * monthDays;
  // The minimum nodes are billed whether or not they are used.
  const paid = Math.max(nodeHours, min * monthHours);
  return {
    ...{ pool, month, nodeHours },
    nodes: wholeNodes(peak * growthTo(daily, month)),
    ...(hour && { usd: { low: paid * hour.low, high: paid * hour.high } }),
  };
}

function boundsOf(
  { pools, teams, budget }: History,
  months: readonly number[],
  together: Forecast["together"],
): ReachedBound[] {
  const ofPools = pools.flatMap(({ pool, daily, peak, max }) =>
    reached(
      { bound: "max", path: `pools.${pool}.max`, limit: max },
      months,
      peak,
      (month) => wholeNodes(peak * growthTo(daily, month)),
    ),
  );
  const ofTeams = teams.flatMap(({ team, daily, resources }) =>
    resources.flatMap(({ name, peak, quota }) =>
      reached(
        { bound: "quota", path: `teams.${team}.quota.${name}`, limit: quota },
        months,
        peak,
        (month) => peak * growthTo(daily, month),
      ),
    ),
  );
  const ofMoney =
    budget === undefined
      ? []
      : reached(
          { bound: "budget", path: "budget.monthly", limit: budget },
          months,
          0,
          (month) => {
            const its = together.find((each) => each.month === month);
            return its ? (its.low + its.high) / 2 : 0;
          },
        );
  return [...ofPools, ...ofTeams, ...ofMoney].sort(
    (one, other) =>
      one.month - other.month ||
      other.needed / other.limit - one.needed / one.limit,
  );
}

/**
 * The first month in which more is needed than a bound allows.
 *
 * @param peak most by now: nothing is seen beyond a bound, so what was wholly in use is at it
 */
function reached(
  bound: Pick<ReachedBound, "bound" | "path" | "limit">,
  months: readonly number[],
  peak: number,
  neededIn: (month: number) => number,
): ReachedBound[] {
  if (peak > 0 && peak > bound.limit * (1 - 1e-6))
    return [{ ...bound, month: 0, needed: peak }];
  const month = months.find((each) => neededIn(each) > bound.limit);
  return month === undefined
    ? []
    : [{ ...bound, month, needed: neededIn(month) }];
}

/** Sums of shares are not exact: what is a millionth of a node over takes no other one. */
function wholeNodes(nodes: number): number {
  return Math.ceil(nodes - 1e-6);
}
