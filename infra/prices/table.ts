import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

const usd = z.number().nonnegative();
const source = z.string();

const sources = z.record(
  z.string(),
  z.strictObject({
    what: z.string().min(1),
    date: z.string().regex(/^(\d{4}(-\d\d){0,2}|undated)$/),
  }),
);

const byRegion = <Row extends z.ZodType>(row: Row) =>
  z.record(z.string(), z.record(z.string(), row));

/** `machines.yaml`: what machines cost on demand, in US dollars an hour. */
export const machinesSchema = z.strictObject({
  sources,
  /** By family: a vCPU, and a GiB of memory where memory is priced apart. */
  rates: byRegion(z.strictObject({ vcpu: usd, gib: usd.default(0), source })),
  /** Machines that are on no family's line. */
  machines: byRegion(z.strictObject({ usd, source })),
});

const share = z.strictObject({ share: z.number().positive().lt(1), source });

/** `spot.yaml`: spot prices by family, as shares of the on-demand price. */
export const spotSchema = z.strictObject({
  sources,
  shares: byRegion(z.strictObject({ low: share, high: share })),
});

/** `fees.yaml`, `managed.yaml`: what is no machine; the region `all` stands for every one. */
export const feesSchema = z.strictObject({
  sources,
  fees: byRegion(
    z.strictObject({
      usd,
      per: z.string(),
      source,
      note: z.string().optional(),
    }),
  ),
});

/** Source of a price, with its date. */
export interface PriceSource {
  readonly what: string;
  /** ISO date, its month, its year, or `undated`. */
  readonly date: string;
}

/** A price in US dollars with its source. */
export interface Price {
  readonly usd: number;
  readonly source: PriceSource;
}

/** Spot prices of an hour: the lowest and the highest that were seen. */
export interface SpotPrice {
  readonly low: Price;
  readonly high: Price;
}

/** Pricing of a provider's machine type: at its family's rate, if it has one. */
export interface PricedType {
  readonly family: string;
  /** vCPUs and GiB, of types that are on their family's line. */
  readonly size?: { readonly vcpus: number; readonly gibibytes: number };
}

/** The prices of one target's provider. */
export interface PriceTable {
  /** Regions that machines are priced in. */
  readonly regions: readonly string[];
  /** An hour on demand; undefined where the table has none. */
  machine(region: string, type: string): Price | undefined;
  /** An hour of interruptible capacity; undefined where the table has none. */
  spot(region: string, type: string): SpotPrice | undefined;
  /** Anything else, in its own unit. */
  fee(region: string, item: string): Price | undefined;
}

/**
 * Reads the three files of a target's folder of prices.
 *
 * @param typeOf how a machine type is priced, by its name
 */
export function readPrices(
  folder: string,
  typeOf: (type: string) => PricedType,
): PriceTable {
  const machines = machinesSchema.parse(read(folder, "machines"));
  const spot = spotSchema.parse(read(folder, "spot"));
  const fees = feesSchema.parse(read(folder, "fees"));
  const machine = (region: string, type: string): Price | undefined => {
    const row = machines.machines[region]?.[type];
    if (row) return priced(machines, row.usd, row.source);
    const { family, size } = typeOf(type);
    const rate = machines.rates[region]?.[family];
    if (!rate || !size) return undefined;
    const hour = rate.vcpu * size.vcpus + rate.gib * size.gibibytes;
    return priced(machines, hour, rate.source);
  };
  return {
    regions: Object.keys(machines.rates),
    machine,
    spot(region, type) {
      const onDemand = machine(region, type);
      const row = spot.shares[region]?.[typeOf(type).family];
      if (!onDemand || !row) return undefined;
      const at = ({ share, source }: typeof row.low) =>
        priced(spot, onDemand.usd * share, source);
      return { low: at(row.low), high: at(row.high) };
    },
    fee: feeOf(fees),
  };
}

/** Reads the prices of managed services that stand beside a target's own. */
export function readManagedPrices(folder: string): PriceTable["fee"] {
  return feeOf(feesSchema.parse(read(folder, "managed")));
}

function feeOf(file: z.output<typeof feesSchema>): PriceTable["fee"] {
  return (region, item) => {
    const row = file.fees[region]?.[item] ?? file.fees["all"]?.[item];
    return row && priced(file, row.usd, row.source);
  };
}

function read(folder: string, file: string): unknown {
  return parse(readFileSync(join(folder, `${file}.yaml`), "utf8"));
}

function priced(
  { sources }: { readonly sources: Readonly<Record<string, PriceSource>> },
  usd: number,
  source: string,
): Price {
  const found = sources[source];
  if (!found) throw new Error(`prices: no source is called ${source}`);
  return { usd, source: found };
}

/** Whether a price was written down from memory, and is to be looked up. */
export function isRecollection({ what }: PriceSource): boolean {
  return what.startsWith("recollection");
}
