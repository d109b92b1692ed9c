import {
  type Bill,
  type BillItem,
  type DeclaredResource,
  monthHours,
  type NodeHour,
} from "../prices/bill";
import type { NodePool } from "../platform";
import type { PriceSource } from "../prices/table";
import type { OnpremConfig } from "./config";

const source: PriceSource = {
  what: "target.costs of the stack's file",
  date: "undated",
};

/** Cost of the hosts by the stack's file; nothing else of such a stack is billed. */
export function bill(
  _resources: readonly DeclaredResource[],
  target: OnpremConfig,
): Bill {
  const groups = new Map<string, number>();
  for (const { pool = "control-plane" } of target.hosts) {
    groups.set(pool, (groups.get(pool) ?? 0) + 1);
  }
  const items: BillItem[] = [...groups].flatMap(([pool, count]) => {
    const month = hostMonth(pool, target);
    return month === undefined
      ? []
      : [
          {
            part: "hosts" as const,
            resource: pool,
            what: "a host: written off, power, hosting",
            count: { min: count, max: count },
            monthly: { low: month, high: month, typical: month },
            sources: [source],
          },
        ];
  });
  const unpriced =
    target.costs === undefined
      ? [
          {
            resource: "target.hosts",
            what: `${target.hosts.length} hosts: write target.costs to count them`,
          },
        ]
      : [];
  return { items, usage: [], unpriced };
}

function hostMonth(pool: string, { costs }: OnpremConfig): number | undefined {
  if (!costs) return undefined;
  const { price, watts, hosting } = costs.pools[pool] ?? costs.host;
  return (
    price / (costs.years * 12) +
    (watts / 1000) * monthHours * costs.perKwh +
    hosting
  );
}

/** Hourly cost of a host of the pool. */
export function nodeHour(
  { name }: NodePool,
  target: OnpremConfig,
): NodeHour | undefined {
  const month = hostMonth(name, target);
  return month === undefined
    ? undefined
    : {
        onDemand: month / monthHours,
        disk: 0,
        owned: true,
        sources: [source],
      };
}
