import type { NodeUse } from "../../infra/provider/node-use";
import type { NodeSize } from "../../infra/pool-rules";
import type { PriceSource } from "../../infra/prices/table";

/** What a run used, by the nodes that its pods were on. */
export interface RunUse {
  readonly nodeUse: readonly NodeUse[];
}

/** A pool with what an hour of one of its nodes costs, its disk included. */
export interface RatedPool {
  readonly name: string;
  /** Whether its nodes come and go with what runs on them: its `min` is 0. */
  readonly fromZero: boolean;
  /** What a node has, where it did not say so itself. */
  readonly size?: NodeSize & { readonly gpus?: number };
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
 * What runs cost, in their order: on a pool that always has nodes the share of the node that the run's pods asked for;
 * on one from zero the whole node while the run was on it, shared with the other runs that were there at that time.
 *
 * @returns undefined for a run that is known of no node, or was on one that has no price
 */
export function runCosts(
  runs: readonly RunUse[],
  pools: readonly RatedPool[],
): readonly (Dollars | undefined)[] {
  const stays = runs.flatMap(({ nodeUse }, run) =>
    nodeUse.map((use): Stay => stayOf(run, use, pools)),
  );
  return runs.map((_, run) => {
    const own = stays.filter((stay) => stay.run === run);
    if (own.length === 0) return undefined;
    return own.reduce<Dollars | undefined>((sum, stay) => {
      const { pool } = stay;
      if (!sum || !pool) return undefined;
      const seconds = pool.fromZero
        ? wholeNodeSeconds(stay, stays)
        : stay.share * (stay.to - stay.from);
      return plus(sum, times(pool.hour, seconds / 3600));
    }, nothing);
  });
}

/** A run on a node. */
interface Stay {
  readonly run: number;
  readonly node: string;
  readonly pool: RatedPool | undefined;
  /** Seconds of the epoch. */
  readonly from: number;
  readonly to: number;
  /** Of the node, on the average: of cores, memory or accelerators, whichever it asked the most of. */
  readonly share: number;
}

function stayOf(run: number, use: NodeUse, pools: readonly RatedPool[]): Stay {
  const pool = pools.find(({ name }) => name === use.pool);
  const from = Date.parse(use.startedAt) / 1000;
  const to = Date.parse(use.finishedAt) / 1000;
  const share = shareOfNode(use, pool?.size);
  const known = share === undefined ? undefined : pool;
  return { run, node: use.node, pool: known, from, to, share: share ?? 0 };
}

/** Share of a node that a run asked for on the average; undefined where nobody knows what the node has. */
export function shareOfNode(
  use: NodeUse,
  size?: RatedPool["size"],
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
function wholeNodeSeconds(stay: Stay, all: readonly Stay[]): number {
  const there = all.filter(
    ({ node, from, to }) =>
      node === stay.node && from < stay.to && to > stay.from,
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
