import type { NodePool } from "../platform";
import type { PriceSource, SpotPrice } from "./table";

/** Hours that a month has in every cloud's calculator. */
export const monthHours = 730;

/** A resource as the program registers it, or as a preview shows it. */
export interface DeclaredResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Category of a line item. */
export type BillPart =
  | "control plane"
  | "nodes"
  | "disks"
  | "network"
  | "keys"
  | "registry"
  | "hosts";

/** Something that costs as long as it is there. */
export interface BillItem {
  readonly part: BillPart;
  /** Name of the resource in the program. */
  readonly resource: string;
  /** Unit of the quantity, for people. */
  readonly what: string;
  /** Fewest and most of it; equal for what does not scale. */
  readonly count: { readonly min: number; readonly max: number };
  /** US dollars of a whole month of one. */
  readonly monthly: {
    /** In the floor; the lowest spot price for interruptible capacity. */
    readonly low: number;
    /** In the ceiling; the on-demand price also of interruptible capacity, which may be short. */
    readonly high: number;
    /** Mean price of an item that runs for part of the month, per month of its hours. */
    readonly typical: number;
  };
  /** Lowest and highest spot price of a month, where the item is on spot. */
  readonly spot?: { readonly low: number; readonly high: number };
  readonly sources: readonly PriceSource[];
}

/** Usage priced per GiB, which no floor includes. */
export type Usage = "nat" | "logs" | "objects" | "images";

/** Something that costs by its use. */
export interface UsageItem {
  readonly usage: Usage;
  readonly what: string;
  /** US dollars of a GiB, in a month where it is stored. */
  readonly usd: number;
  readonly sources: readonly PriceSource[];
}

/** Something that costs, with no price in the table. */
export interface Unpriced {
  readonly resource: string;
  readonly what: string;
}

/** Bill of a stack's resources. */
export interface Bill {
  readonly items: readonly BillItem[];
  readonly usage: readonly UsageItem[];
  readonly unpriced: readonly Unpriced[];
}

/** Hourly price of a node. */
export interface NodeHour {
  /** US dollars on demand. */
  readonly onDemand: number;
  readonly spot?: SpotPrice;
  /** US dollars of its disk; undefined where the table has no price. */
  readonly disk: number | undefined;
  /** Whether it is paid for also while nothing runs, whatever the pool's `min`: a host of one's own. */
  readonly owned?: boolean;
  readonly sources: readonly PriceSource[];
}

/** Prices of a target. */
export interface TargetCosts<Config> {
  bill(resources: readonly DeclaredResource[], target: Config): Bill;
  /** An hour of a node of the pool; undefined where the table has no price. */
  nodeHour(pool: NodePool, target: Config): NodeHour | undefined;
}
