import { amount, quantity } from "../quantity";
import {
  type Bill,
  type BillItem,
  type BillPart,
  type DeclaredResource,
  monthHours,
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

  missing(resource: string, what: string): void {
    const known = this.#unpriced.some(
      (each) => each.resource === resource && each.what === what,
    );
    if (!known) this.#unpriced.push({ resource, what });
  }
}

/** A disk that a cluster makes for the program. */
export interface ClusterDisk {
  readonly resource: string;
  readonly gibibytes: number;
  readonly count: number;
}

/** Disks that the resources of Kubernetes ask for: claims, and the brokers of Kafka. */
export function clusterDisks(
  resources: readonly DeclaredResource[],
): ClusterDisk[] {
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
export function loadBalancers(resources: readonly DeclaredResource[]) {
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
