import { amount, quantity } from "../quantity";
import {
  type Bill,
  type BillItem,
  type BillPart,
  type DeclaredResource,
  monthHours,
  type NodeHour,
  type Unpriced,
  type Usage,
  type UsageItem,
} from "./bill";
import type { Price, PriceTable } from "./table";

/** Fewest and most. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Machines of a pool, as a target's own resource declares them. */
export interface DeclaredNodes {
  readonly resource: string;
  readonly type: string;
  readonly count: Bounds;
  readonly spot: boolean;
  /** Share of the on-demand price that is left of a whole month, as with sustained use. */
  readonly wholeMonth?: { readonly factor: number; readonly price: Price };
}

/** A bill in the making: what has a price becomes an item, what has none is named. */
export class BillBuilder {
  readonly #items: BillItem[] = [];
  readonly #usage: UsageItem[] = [];
  readonly #unpriced: Unpriced[] = [];

  constructor(
    private readonly prices: PriceTable,
    private readonly region: string,
  ) {}

  get bill(): Bill {
    return {
      items: this.#items,
      usage: this.#usage,
      unpriced: this.#unpriced,
    };
  }

  nodes({ resource, type, count, spot, wholeMonth }: DeclaredNodes): void {
    const price = this.prices.machine(this.region, type);
    if (!price) {
      this.missing(
        resource,
        `${count.min} to ${count.max} machines ${type} in ${this.region}`,
      );
      return;
    }
    const list = price.usd * monthHours;
    const whole = list * (wholeMonth?.factor ?? 1);
    const seen = spot ? this.prices.spot(this.region, type) : undefined;
    const [low, high] = seen
      ? [seen.low.usd * monthHours, seen.high.usd * monthHours]
      : [whole, list];
    this.#items.push({
      part: "nodes",
      resource,
      what: `${type}${spot ? (seen ? ", spot" : ", spot at the on-demand price") : ""}`,
      count,
      monthly: {
        low,
        high: whole,
        typical: seen ? (low + high) / 2 : list,
      },
      ...(seen && { spot: { low, high } }),
      sources: [
        price.source,
        ...(seen ? [seen.low.source, seen.high.source] : []),
        ...(wholeMonth ? [wholeMonth.price.source] : []),
      ],
    });
  }

  /** Something by the table's name of it: `each` units a month of every one. */
  fee(
    part: BillPart,
    resource: string,
    item: string,
    {
      what,
      each = monthHours,
      count = { min: 1, max: 1 },
    }: {
      readonly what: string;
      readonly each?: number;
      readonly count?: Bounds;
    },
  ): void {
    const price = this.prices.fee(this.region, item);
    if (!price) {
      this.missing(resource, `${what} (${item}) in ${this.region}`);
      return;
    }
    const month = price.usd * each;
    this.#items.push({
      ...{ part, resource, what, count },
      monthly: { low: month, high: month, typical: month },
      sources: [price.source],
    });
  }

  use(usage: Usage, item: string, what: string): void {
    if (this.#usage.some((each) => each.what === what)) return;
    const price = this.prices.fee(this.region, item);
    if (!price) this.missing("by use", `${what} (${item}) in ${this.region}`);
    else {
      this.#usage.push({
        ...{ usage, what, usd: price.usd },
        sources: [price.source],
      });
    }
  }

  /** Names a resource of the provider that no case prices, unless it costs nothing by itself. */
  other(
    { type, name }: DeclaredResource,
    provider: string,
    free: readonly RegExp[],
  ): void {
    if (type.startsWith(provider) && !free.some((one) => one.test(type)))
      this.missing(name, type);
  }

  /** Cloud resources that the cluster creates for Kubernetes objects: disks, then load balancers. */
  cluster(
    resources: readonly DeclaredResource[],
    disk: (gibibytes: number) => {
      readonly item: string;
      readonly what: string;
      readonly each: number;
    },
    loadBalancer: string,
  ): void {
    for (const { resource, gibibytes, count } of clusterDisks(resources)) {
      const { item, ...rest } = disk(gibibytes);
      this.fee("disks", resource, item, {
        ...rest,
        count: { min: count, max: count },
      });
    }
    for (const { name } of loadBalancers(resources))
      this.fee("network", name, loadBalancer, { what: "load balancer" });
  }

  missing(resource: string, what: string): void {
    const known = this.#unpriced.some(
      (each) => each.resource === resource && each.what === what,
    );
    if (!known) this.#unpriced.push({ resource, what });
  }
}

/**
 * Hourly cost of a node; undefined where the table has no price for the machine.
 *
 * @param disk item of the table, and how many of its units a month the node's disk takes
 */
export function nodeHourOf(
  prices: PriceTable,
  region: string,
  machineType: string,
  disk: { readonly item: string; readonly each: number },
): NodeHour | undefined {
  const machine = prices.machine(region, machineType);
  const spot = prices.spot(region, machineType);
  const fee = prices.fee(region, disk.item);
  return (
    machine && {
      onDemand: machine.usd,
      spot,
      disk: fee && (fee.usd * disk.each) / monthHours,
      sources: [machine.source, ...(fee ? [fee.source] : [])],
    }
  );
}

/** A disk that a cluster makes for the program. */
interface ClusterDisk {
  readonly resource: string;
  readonly gibibytes: number;
  readonly count: number;
}

/** Disks that the resources of Kubernetes ask for: claims, and the brokers of Kafka. */
function clusterDisks(resources: readonly DeclaredResource[]): ClusterDisk[] {
  return resources.flatMap(({ type, name, inputs }): ClusterDisk[] => {
    const spec = record(inputs["spec"]);
    if (type === "kubernetes:core/v1:PersistentVolumeClaim") {
      const { requests } = record(spec["resources"]);
      return disk(name, record(requests)["storage"], 1);
    }
    if (/^kubernetes:kafka\.strimzi\.io\/.*:KafkaNodePool$/.test(type)) {
      const { size } = record(spec["storage"]);
      return disk(name, size, whole(spec["replicas"]) ?? 1);
    }
    return [];
  });
}

function disk(resource: string, size: unknown, count: number): ClusterDisk[] {
  const text = quantity.safeParse(size).data;
  return text === undefined
    ? []
    : [{ resource, gibibytes: amount(text) / 2 ** 30, count }];
}

/** Services of Kubernetes that the cloud makes a load balancer for. */
function loadBalancers(resources: readonly DeclaredResource[]) {
  return resources.filter(
    ({ type, inputs }) =>
      type === "kubernetes:core/v1:Service" &&
      record(inputs["spec"])["type"] === "LoadBalancer",
  );
}

/** An object as such, or an empty one in place of anything else. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** A list of objects, or an empty one in place of anything else. */
export function records(value: unknown) {
  return Array.isArray(value) ? value.map(record) : [];
}

/** A text, or an empty one in place of anything else. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A number, also where it was written as text. */
export function whole(value: unknown): number | undefined {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number)
    ? number
    : undefined;
}
