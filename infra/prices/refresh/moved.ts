import { type Document, isMap } from "yaml";

import type { ListedMachine, Rate } from "./listed";

/** Significant digits that a table keeps. */
const digits = 8;

/**
 * Writes new prices over those of `machines.yaml`. Regions, families and machines that the table does not have are left
 * out, and what a provider no longer lists stays as it was, with its own source and date.
 *
 * @returns a line for every price that moved
 */
export function update(
  document: Document,
  {
    rates,
    machines,
  }: {
    readonly rates: readonly Rate[];
    readonly machines: readonly ListedMachine[];
  },
  source: {
    readonly name: string;
    readonly what: string;
    readonly date: string;
  },
): string[] {
  const moved: string[] = [];
  const put = (path: readonly string[], key: string, usd: number) => {
    const row = document.getIn(path);
    if (!isMap(row)) return;
    const before = row.get(key);
    const rounded = Number(usd.toPrecision(digits));
    if (typeof before === "number" && Math.abs(rounded / before - 1) > 1e-6) {
      const by = ((rounded / before - 1) * 100).toFixed(1);
      moved.push(
        `${path.slice(1).join(" ")} ${key}: ${before} -> ${rounded} (${by} %)`,
      );
    }
    if (key !== "gib" || before !== undefined) row.set(key, rounded);
    row.set("source", source.name);
  };
  for (const { region, family, vcpu, gib } of rates) {
    put(["rates", region, family], "vcpu", vcpu);
    if (gib > 0) put(["rates", region, family], "gib", gib);
  }
  for (const { region, machine, usd } of machines) {
    put(["machines", region, machine], "usd", usd);
  }
  const { name, what, date } = source;
  document.setIn(["sources", name], { what, date });
  return moved;
}
