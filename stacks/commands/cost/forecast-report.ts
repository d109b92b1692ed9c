import { monthHours } from "../../../infra/prices/bill";
import { amount } from "../../../infra/quantity";
import { demandOf, type RunDemand } from "../../cost/demand";
import {
  type Forecast,
  fewestDays,
  forecastOf,
  growthTo,
  type History,
  type ReachedBound,
} from "../../cost/forecast";
import { money } from "../../cost/money";
import { ratedPools, sharedPools } from "../../cost/pool-rates";
import { atLeast, type CostSum, outsidePools } from "../../cost/sum";
import { CommandError } from "../cli/command-error";
import { sumOfStack } from "./stack-file-cost";
import { type PastRun, readRuns } from "../jobs/run-history";
import type { ReadableStack } from "../stack-file/stack-config";
import { table } from "../cli/table";

/** Fewest runs from which a forecast is made. */
const fewestRuns = 10;

/** The next months of a stack by the jobs that ran on it, for people or as JSON. @throws {CommandError} where too little ran */
export async function forecastCost(
  stack: ReadableStack,
  months: number,
  json: boolean,
): Promise<string> {
  const runs = readRuns(stack.stack);
  const demand = demandOf(runs, sharedPools(stack.config), Date.now());
  refuseShort(stack.stack, runs, demand);
  const sum = await sumOfStack(stack);
  const history = historyOf(stack, demand, sum);
  const forecast = forecastOf(history, months);
  return json
    ? JSON.stringify({
        ...{ stack: stack.stack, runs: runs.length, days: demand.days, months },
        ...{ waitSeconds: meanWait(runs), oldest: sum?.oldest, ...forecast },
      })
    : describeForecast(stack.stack, runs, demand.days, history, forecast, sum);
}

function refuseShort(
  stack: string,
  runs: readonly PastRun[],
  { days }: RunDemand,
): void {
  if (days >= fewestDays && runs.length >= fewestRuns) return;
  throw new CommandError(
    `--forecast: stack ${stack}: its history has ${runs.length} runs of jobs over ${days} whole days, and a forecast takes ${fewestRuns} over ${fewestDays}; \`npm run up\`, \`status\` and \`submit\` on this machine keep the runs that they see`,
  );
}

/** Demand beside the bounds and prices of a stack. */
export function historyOf(
  { config }: Pick<ReadableStack, "config">,
  demand: RunDemand,
  sum: CostSum | undefined,
): History {
  const rates = ratedPools(config);
  return {
    pools: config.pools.flatMap(({ name, min, max }) => {
      const use = demand.pools.find((pool) => pool.name === name);
      const hour = rates.find((rate) => rate.name === name)?.hour;
      const { daily = [], peak = 0 } = use ?? {};
      return [{ pool: name, min, max, daily, peak, ...(hour && { hour }) }];
    }),
    teams: demand.teams.flatMap(({ name, daily, peaks }) => {
      const quota = config.teams.find((team) => team.name === name)?.quota;
      if (quota === undefined) return [];
      const { cpu, memory, gpus } = quota;
      return [
        {
          ...{ team: name, daily },
          resources: [
            { name: "cpu", peak: peaks.cores, quota: amount(cpu) },
            { name: "memory", peak: peaks.bytes, quota: amount(memory) },
            { name: "gpus", peak: peaks.gpus, quota: gpus },
          ],
        },
      ];
    }),
    ...(sum && { fixed: outsidePools(sum) }),
    ...(config.budget && { budget: config.budget.monthly }),
  };
}

function describeForecast(
  stack: string,
  runs: readonly PastRun[],
  days: number,
  history: History,
  { pools, together: months, bounds }: Forecast,
  sum: CostSum | undefined,
): string {
  const isPriced = pools.some(({ usd }) => usd !== undefined);
  const rows = pools.map(({ pool, month, nodeHours, nodes, usd }) => {
    const its = history.pools.find((each) => each.pool === pool);
    const growth = growthTo(its?.daily ?? [], month) - 1;
    return [
      ...[pool, String(month), nodeHours.toFixed(1)],
      `${growth < 0 ? "-" : "+"}${Math.abs(growth * 100).toFixed(0)} %`,
      ...[String(nodes), String(its?.max ?? "")],
      ...(isPriced ? [usd ? span(usd) : "no price"] : []),
    ];
  });
  const wait = meanWait(runs);
  return [
    `stack ${stack}: months of ${monthHours} hours, by ${runs.length} runs of jobs over ${days} days${wait === undefined ? "" : `, which waited ${wait.toFixed(0)} s for their first pod on the average`}`,
    "",
    table(
      [
        ...["POOL", "MONTH", "NODE HOURS", "GROWTH", "NODES AT ONCE", "MAX"],
        ...(isPriced ? ["USD"] : []),
      ],
      rows,
    ),
    "",
    ...months.map(
      (each) =>
        `  month ${each.month}: ${sum ? atLeast(sum) : ""}${span(each)} USD, with what is there without any job`,
    ),
    ...describeBounds(bounds, months.length > 0 || !isPriced),
  ].join("\n");
}

const remedies: Readonly<Record<ReachedBound["bound"], string>> = {
  max: "raise it, and the cloud's own limit of such machines, or run jobs one after another",
  quota: "raise it, or run jobs one after another",
  budget: "raise it, or give pools fewer or smaller nodes",
};

function describeBounds(
  bounds: readonly ReachedBound[],
  isComplete: boolean,
): string[] {
  if (bounds.length === 0)
    return [
      `  no pool's max, no team's quota and no budget is reached${isComplete ? "" : " by what has a price"}`,
    ];
  return bounds.map(
    (each, at) =>
      `  ${at === 0 ? "first" : "then"}: ${each.path}: ${amountOf(each, each.limit)}, ${each.month === 0 ? "reached by now" : `${amountOf(each, each.needed)} in month ${each.month}`}: ${remedies[each.bound]}`,
  );
}

function amountOf({ bound, path }: ReachedBound, value: number): string {
  if (bound === "budget") return `${money(value)} USD`;
  if (path.endsWith(".memory")) return `${(value / 2 ** 30).toFixed(1)} GiB`;
  return bound === "max"
    ? `${Math.round(value)} nodes`
    : String(Math.round(value * 10) / 10);
}

function span({ low, high }: { readonly low: number; readonly high: number }) {
  const [least, most] = [money(low), money(high)];
  return least === most ? most : `${least} to ${most}`;
}

function meanWait(runs: readonly PastRun[]): number | undefined {
  const waits = runs.flatMap(({ wait }) => wait ?? []);
  return waits.length === 0
    ? undefined
    : waits.reduce((sum, each) => sum + each, 0) / waits.length;
}
