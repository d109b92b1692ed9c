import { costsOf, nodeSize, type TargetKind } from "../../infra";
import type { NodePool } from "../../infra/platform";
import type { NodeHour } from "../../infra/prices/bill";
import type { PoolRate } from "../../components/observability/cost-rules";
import type { StackConfig } from "../config";
import type { RatedPool, SharedPool } from "./run-cost";

/** The pools of a stack as runs share their nodes. */
export function sharedPools({
  target,
  pools,
}: Pick<StackConfig, "target" | "pools">): readonly SharedPool[] {
  const costs = costsOf(target.kind);
  return pools.map((pool) =>
    sharedPool(target.kind, pool, costs?.nodeHour(pool, target)),
  );
}

function sharedPool(
  kind: TargetKind,
  pool: NodePool,
  hour: NodeHour | undefined,
): SharedPool {
  const size = nodeSize(kind, pool);
  return {
    name: pool.name,
    fromZero: pool.min === 0 && hour?.owned !== true,
    ...(size && { size: { ...size, gpus: pool.gpu?.count ?? 0 } }),
  };
}

/** The pools of a stack with what their nodes cost; none on a target of which nothing is paid for by the hour. */
export function ratedPools({
  target,
  pools,
}: Pick<StackConfig, "target" | "pools">): readonly RatedPool[] {
  const costs = costsOf(target.kind);
  return pools.flatMap((pool): RatedPool[] => {
    const hour = costs?.nodeHour(pool, target);
    // A node without the price of its disk has none itself: the figure of a run says nothing of what is missing.
    if (hour?.disk === undefined) return [];
    const { onDemand, disk } = hour;
    const spot = pool.spot ? hour.spot : undefined;
    const [low, high] = spot
      ? [spot.low.usd, spot.high.usd]
      : [onDemand, onDemand];
    return [
      {
        ...sharedPool(target.kind, pool, hour),
        hour: { low: low + disk, high: high + disk },
        sources: [
          ...hour.sources,
          ...(spot ? [spot.low.source, spot.high.source] : []),
        ],
      },
    ];
  });
}

/** The same as one figure per pool, midway on spot as in a typical month. */
export function meanRates(
  config: Pick<StackConfig, "target" | "pools">,
): readonly PoolRate[] {
  return ratedPools(config).map(({ name, fromZero, hour: { low, high } }) => ({
    ...{ pool: name, fromZero },
    usd: (low + high) / 2,
  }));
}
