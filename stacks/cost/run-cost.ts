import type { NodeUse } from "../../infra/provider/node-use";
import type { NodeSize } from "../../infra/pools/machine-types";
import type { PriceSource } from "../../infra/prices/table";

/** Usage of a run, per node. */
export interface RunUse {
  readonly nodeUse: readonly NodeUse[];
}

/** A pool as runs share its nodes. */
export interface SharedPool {
  readonly name: string;
  /** Whether its nodes come and go with what runs on them: its `min` is 0. */
  readonly fromZero: boolean;
  /** Assumed capacity of a node that did not report it. */
  readonly size?: NodeSize & { readonly gpus?: number };
}

/** A pool with what an hour of one of its nodes costs, its disk included. */
export interface RatedPool extends SharedPool {
  /** US dollars an hour; apart where the pool is on spot. */
  readonly hour: Dollars;
  readonly sources: readonly PriceSource[];
}

/** US dollars: of the lowest and the highest price that was seen; equal where the pool is not on spot. */
export interface Dollars {
  readonly low: number;
  readonly high: number;
}

const nothing: Dollars = { low: 0, high: 0 };

/**
 * Costs of runs, in their order. On a pool that always has nodes, a run is charged the share of the node that its pods
 * requested; on one that scales from zero, runs on a node at the same time share the whole node's cost.
 *
 * @returns undefined for a run without a known node, or on a node without a price
 */
export function runCosts(
  runs: readonly RunUse[],
  pools: readonly RatedPool[],
): readonly (Dollars | undefined)[] {
  const stays = staysOf(runs, pools);
  return runs.map((_, run) => {
    const own = stays.filter((stay) => stay.run === run);
    if (own.length === 0) return undefined;
    return own.reduce<Dollars | undefined>((sum, stay) => {
      const { pool, nodeSeconds } = stay;
      if (!sum || !pool) return undefined;
      return plus(sum, times(pool.hour, nodeSeconds / 3600));
    }, nothing);
  });
}

/** A run on a node. */
export interface Stay<Pool extends SharedPool = SharedPool> {
  /** Index of the run. */
  readonly run: number;
  readonly node: string;
  readonly use: NodeUse;
  /** Undefined where the pool, or what its nodes have, is not known. */
  readonly pool: Pool | undefined;
  /** Seconds of the epoch. */
  readonly from: number;
  readonly to: number;
  /** Share of the node, averaged over time: of cores, memory or accelerators, whichever request was the largest. */
  readonly share: number;
  /** Seconds of a whole node that are the run's. */
  readonly nodeSeconds: number;
}

/** The nodes that runs were on, with what of each is theirs. */
export function staysOf<Pool extends SharedPool>(
  runs: readonly RunUse[],
  pools: readonly Pool[],
): Stay<Pool>[] {
  const stays = runs.flatMap(({ nodeUse }, run) =>
    nodeUse.map((use) => stayOf(run, use, pools)),
  );
  const byNode = new Map<string, PlainStay<Pool>[]>();
  for (const stay of stays) {
    const onNode = byNode.get(stay.node);
    if (onNode) onNode.push(stay);
    else byNode.set(stay.node, [stay]);
  }
  return stays.map((stay) => ({
    ...stay,
    nodeSeconds: stay.pool?.fromZero
      ? wholeNodeSeconds(stay, byNode.get(stay.node) ?? [])
      : stay.share * (stay.to - stay.from),
  }));
}

type PlainStay<Pool extends SharedPool = SharedPool> = Omit<
  Stay<Pool>,
  "nodeSeconds"
>;

function stayOf<Pool extends SharedPool>(
  run: number,
  use: NodeUse,
  pools: readonly Pool[],
): PlainStay<Pool> {
  const pool = pools.find(({ name }) => name === use.pool);
  const from = Date.parse(use.startedAt) / 1000;
  const to = Date.parse(use.finishedAt) / 1000;
  const share = shareOfNode(use, pool?.size);
  const known = share === undefined ? undefined : pool;
  return { run, node: use.node, use, pool: known, from, to, share: share ?? 0 };
}

/** Share of a node that a run asked for on the average; undefined where nobody knows what the node has. */
function shareOfNode(
  use: NodeUse,
  size?: SharedPool["size"],
): number | undefined {
  const has = use.capacity ?? (size && { gpus: 0, ...size });
  if (!has || has.cores <= 0 || has.bytes <= 0) return undefined;
  const seconds =
    (Date.parse(use.finishedAt) - Date.parse(use.startedAt)) / 1000;
  if (seconds <= 0) return 0;
  const shares = [
    use.coreSeconds / has.cores,
    use.byteSeconds / has.bytes,
    has.gpus > 0 ? use.gpuSeconds / has.gpus : 0,
  ];
  return Math.min(1, Math.max(...shares) / seconds);
}

/** Seconds of a whole node that are a run's: at each instant, its part of what all runs there asked for. */
function wholeNodeSeconds(
  stay: PlainStay,
  onNode: readonly PlainStay[],
): number {
  const there = onNode.filter(
    ({ from, to }) => from < stay.to && to > stay.from,
  );
  const instants = [...new Set(there.flatMap(({ from, to }) => [from, to]))]
    .filter((instant) => instant >= stay.from && instant <= stay.to)
    .sort((one, other) => one - other);
  return instants.slice(1).reduce((sum, end, at) => {
    const begin = instants[at] ?? end;
    const beside = there.filter(({ from, to }) => from <= begin && to >= end);
    const asked = beside.reduce((total, { share }) => total + share, 0);
    const part = asked > 0 ? stay.share / asked : 1 / beside.length;
    return sum + (end - begin) * part;
  }, 0);
}

/** Sums of dollars by a key; a key with anything that has no figure is told as `atLeast`. */
export function sumsBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  costOf: (item: Item) => Dollars | undefined,
): readonly (Dollars & { readonly key: string; readonly atLeast: boolean })[] {
  return [...new Set(items.map(keyOf))].flatMap((key) => {
    const costs = items.filter((item) => keyOf(item) === key).map(costOf);
    const known = costs.flatMap((cost) => cost ?? []);
    return known.length === 0
      ? []
      : [
          {
            key,
            ...known.reduce(plus, nothing),
            atLeast: known.length < costs.length,
          },
        ];
  });
}

function plus(one: Dollars, other: Dollars): Dollars {
  return { low: one.low + other.low, high: one.high + other.high };
}

function times({ low, high }: Dollars, factor: number): Dollars {
  return { low: low * factor, high: high * factor };
}
