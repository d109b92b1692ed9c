import { costsOf, nodeSize } from "../../infra";
import type { PoolRate } from "../../components/observability/cost-rules";
import type { StackConfig } from "../config";
import type { RatedPool } from "./run-cost";

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
    const size = nodeSize(target.kind, pool);
    return [
      {
        name: pool.name,
        fromZero: pool.min === 0 && hour.owned !== true,
        ...(size && { size: { ...size, gpus: pool.gpu?.count ?? 0 } }),
        hour: { low: low + disk, high: high + disk },
        sources: [
          ...hour.sources,
          ...(spot ? [spot.low.source, spot.high.source] : []),
        ],
      },
    ];
  });
}

/** The same as one figure a pool, midway on spot as in a typical month. */
export function meanRates(
  config: Pick<StackConfig, "target" | "pools">,
): readonly PoolRate[] {
  return ratedPools(config).map(({ name, fromZero, hour: { low, high } }) => ({
    ...{ pool: name, fromZero },
    usd: (low + high) / 2,
  }));
}
