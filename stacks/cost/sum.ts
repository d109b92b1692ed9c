import type {
  Bill,
  BillItem,
  BillPart,
  Usage,
  UsageItem,
} from "../../infra/prices/bill";
import { isRecollection, type PriceSource } from "../../infra/prices/table";

/** Expected monthly usage of a stack, where nothing is measured yet. */
export interface Load {
  /** Share of the way from `min` to `max` at which the pools stand on average. */
  readonly pools: number;
  /** GiB of a month, of what is paid by its use. */
  readonly gibibytes: Readonly<Record<Usage, number>>;
}

/** US dollars a month. */
export interface Amounts {
  /** Every pool at `min`, spot at its lowest. */
  readonly floor: number;
  /** At the load that the stack declares, with what is paid by its use. */
  readonly typical: number;
  /** Every pool at `max`, spot at the on-demand price. */
  readonly ceiling: number;
}

/** One line of a sum. */
export interface CostLine extends Amounts {
  readonly part: BillPart | "by use";
  readonly resource: string;
  readonly what: string;
  readonly count?: { readonly min: number; readonly max: number };
  /** All of it at `max` on spot: the lowest and the highest price that was seen. */
  readonly spot?: { readonly low: number; readonly high: number };
}

/** Monthly cost of a stack. */
export interface CostSum extends Amounts {
  readonly lines: readonly CostLine[];
  /** Items without a price: with any, the sums are lower bounds ("at least"). */
  readonly unpriced: Bill["unpriced"];
  /** Date of the oldest price that was used. */
  readonly oldest: string | undefined;
  /** Prices without a date, by item. */
  readonly undated: readonly string[];
  /** Prices that were written down from memory, by what they are of. */
  readonly recalled: readonly string[];
}

/** Prefix of a sum that has items without a price. */
export function atLeast({ unpriced }: Pick<CostSum, "unpriced">): string {
  return unpriced.length > 0 ? "at least " : "";
}

/** Sums a bill up. */
export function sumOf(bill: Bill, load: Load): CostSum {
  const lines = [
    ...bill.items.map((item) => itemLine(item, load)),
    ...bill.usage.map((item) => usageLine(item, load)),
  ];
  const used = [...bill.items, ...bill.usage];
  const sources = used.flatMap((each) => each.sources);
  const named = (test: (source: PriceSource) => boolean) => [
    ...new Set(
      used.filter((each) => each.sources.some(test)).map(({ what }) => what),
    ),
  ];
  return {
    ...total(lines),
    lines,
    unpriced: bill.unpriced,
    oldest: oldestOf(sources),
    undated: named(({ date }) => date === "undated"),
    recalled: named(isRecollection),
  };
}

function itemLine(item: BillItem, load: Load): CostLine {
  const { part, resource, what, count, monthly, spot } = item;
  const more = (count.max - count.min) * load.pools;
  return {
    ...{ part, resource, what, count },
    floor: count.min * monthly.low,
    // Minimum nodes run the whole month; nodes above the minimum run for part of it.
    typical:
      count.min * (spot ? monthly.typical : monthly.high) +
      more * monthly.typical,
    ceiling: count.max * monthly.high,
    ...(spot && {
      spot: { low: count.max * spot.low, high: count.max * spot.high },
    }),
  };
}

function usageLine({ usage, what, usd }: UsageItem, load: Load): CostLine {
  const gibibytes = load.gibibytes[usage];
  return {
    part: "by use",
    resource: "",
    what: `${what}, ${gibibytes} GiB at ${usd}`,
    floor: 0,
    typical: gibibytes * usd,
    ceiling: 0,
  };
}

/** Sums of lines. */
export function total(lines: readonly Amounts[]): Amounts {
  const sum = (key: keyof Amounts) =>
    lines.reduce((all, line) => all + line[key], 0);
  return {
    floor: sum("floor"),
    typical: sum("typical"),
    ceiling: sum("ceiling"),
  };
}

/** The floor of all that is no node of a pool, and no disk or host of one. */
export function outsidePools({ lines }: Pick<CostSum, "lines">): number {
  const isPool = ({ part }: CostLine) => part === "nodes" || part === "hosts";
  const pools = new Set(lines.filter(isPool).map(({ resource }) => resource));
  return total(
    lines.filter(
      (line) =>
        !isPool(line) && !(line.part === "disks" && pools.has(line.resource)),
    ),
  ).floor;
}

const parts: readonly CostLine["part"][] = [
  ...(["control plane", "nodes", "hosts", "disks", "network"] as const),
  ...(["registry", "keys", "by use"] as const),
];

/** Sums by part. */
export function byPart(
  lines: readonly CostLine[],
): readonly (Amounts & { readonly part: CostLine["part"] })[] {
  return parts.flatMap((part) => {
    const own = lines.filter((line) => line.part === part);
    return own.length === 0 ? [] : [{ part, ...total(own) }];
  });
}

/** The oldest date of sources that have one. */
export function oldestOf(sources: readonly PriceSource[]): string | undefined {
  const dates = sources.flatMap(({ date }) =>
    date === "undated" ? [] : [date],
  );
  return dates.sort()[0];
}
