import type { PricedType } from "../table";

/** A machine's price on demand, as a provider lists it. */
export interface ListedMachine {
  readonly region: string;
  readonly machine: string;
  readonly usd: number;
}

/** Hourly price per vCPU of a family, and per GiB where memory is priced separately. */
export interface Rate {
  readonly region: string;
  readonly family: string;
  readonly vcpu: number;
  readonly gib: number;
}

/** A provider's own list of its machines' prices. */
export interface PriceList {
  /** Name of the source in `machines.yaml`, and what it is. */
  readonly source: { readonly name: string; readonly what: string };
  /** Fetches it. @throws {Error} where it does not answer, or wants a key that is not there */
  fetch(): Promise<{
    readonly rates: readonly Rate[];
    readonly machines: readonly ListedMachine[];
    /** Omitted products, with reasons. */
    readonly strays: readonly string[];
  }>;
}

/** Asks a list. @throws {Error} where the answer is none */
export async function get(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) {
    const { origin, pathname } = new URL(url);
    throw new Error(`${origin}${pathname}: ${response.status}`);
  }
  return response;
}

/** The largest part by which a listed price may be off its family's line: providers round the small sizes. */
const tolerance = 0.005;

/**
 * Rates of families, by the largest size of each. A size that is off its family's line is another product under a
 * machine's name, such as Windows or a dedicated host: it is given back, and the family has no rate.
 */
export function ratesOf(
  listed: readonly ListedMachine[],
  typeOf: (type: string) => PricedType,
): { readonly rates: readonly Rate[]; readonly strays: readonly string[] } {
  const groups = new Map<string, ListedMachine[]>();
  for (const each of listed) {
    const { family, size } = typeOf(each.machine);
    if (!size) continue;
    const key = `${each.region} ${family}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  const rates: Rate[] = [];
  const strays: string[] = [];
  for (const [key, machines] of groups) {
    const [region = "", family = ""] = key.split(" ");
    const sized = machines
      .map((each) => ({
        ...each,
        vcpus: typeOf(each.machine).size?.vcpus ?? 1,
      }))
      .sort((one, other) => other.vcpus - one.vcpus);
    const [largest] = sized;
    if (!largest) continue;
    const vcpu = largest.usd / largest.vcpus;
    const off = sized.filter(
      ({ usd, vcpus }) => Math.abs(usd / (vcpu * vcpus) - 1) > tolerance,
    );
    if (off.length === 0) rates.push({ region, family, vcpu, gib: 0 });
    else {
      const rest = off.map(({ machine, usd }) => `${machine} at ${usd}`);
      strays.push(
        `${key}: off the line of ${largest.machine}: ${rest.join(", ")}`,
      );
    }
  }
  return { rates, strays };
}
