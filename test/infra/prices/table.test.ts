import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { azureSizes } from "../../../infra/aks/rules";
import { prices as aks } from "../../../infra/aks/costs";
import { ec2 } from "../../../infra/eks/rules";
import { spotTypes } from "../../../infra/eks/spot-types";
import { prices as eks } from "../../../infra/eks/costs";
import { computeEngine } from "../../../infra/gke/rules";
import { prices as gke } from "../../../infra/gke/costs";
import { BillBuilder } from "../../../infra/prices/bill-builder";
import type { PriceTable } from "../../../infra/prices/table";

const tables: Readonly<Record<string, PriceTable>> = { eks, gke, aks };

interface Row {
  readonly table: PriceTable;
  readonly name: string;
  readonly region: string;
  readonly machine: string;
  readonly usd: number;
}

/** Prices of machines as a source lists them, one by one. */
function rows(file: string): readonly Row[] {
  const [, ...lines] = readFileSync(join(__dirname, file), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => {
    const [target = "", region = "", machine = "", usd = ""] = line.split(",");
    const table = tables[target];
    assert.ok(table, line);
    const name = `${target} ${region} ${machine}`;
    return { table, name, region, machine, usd: Number(usd) };
  });
}

const listed = rows("observed.csv");

/** Machines that the rules name, without a price in the region: a bill names them. */
const unpriced: Readonly<Record<string, readonly string[]>> = {
  "eks eu-central-1": [
    "p5.4xlarge",
    "p5.48xlarge",
    "p5e.48xlarge",
    "p5en.48xlarge",
    "p6-b200.48xlarge",
  ],
  "eks us-east-1": ["p5e.48xlarge"],
  "eks us-west-2": ["p5.4xlarge", "p5e.48xlarge", "p6-b200.48xlarge"],
  "gke europe-west3": ["a3-ultragpu-8g", "a4-highgpu-8g"],
  "gke europe-west4": ["a3-ultragpu-8g", "a4-highgpu-8g"],
  "gke us-central1": ["a3-megagpu-8g", "a3-ultragpu-8g", "a4-highgpu-8g"],
  "aks eastus": ["Standard_ND96isr_H200_v5"],
  "aks germanywestcentral": [
    "Standard_ND96asr_v4",
    "Standard_ND96amsr_A100_v4",
    "Standard_ND96isr_H100_v5",
  ],
  "aks westeurope": ["Standard_ND96isr_H200_v5"],
};

describe("table of prices", () => {
  it("has every machine that a source lists at that source's price: each size is on its family's line", () => {
    assert.ok(listed.length > 1400);
    const strays = listed.flatMap(({ table, name, region, machine, usd }) => {
      const price = table.machine(region, machine)?.usd ?? Number.NaN;
      // Azure rounds the small sizes of its sixth generation.
      return Math.abs(price / usd - 1) <= 0.005
        ? []
        : [`${name}: ${price}, listed at ${usd}`];
    });
    assert.deepEqual(strays, []);
  });

  it("agrees with a second source within 1 % on the machines of the stacks", () => {
    const second = rows("second-sources.csv");
    assert.ok(second.length >= 9);
    for (const { table, name, region, machine, usd } of second) {
      const price = table.machine(region, machine)?.usd ?? Number.NaN;
      assert.ok(Math.abs(price / usd - 1) <= 0.01, `${name}: ${price}, ${usd}`);
    }
  });

  it("has spot below on-demand, the low not above the high", () => {
    const seen = listed.flatMap(({ table, name, region, machine }) => {
      const spot = table.spot(region, machine);
      const onDemand = table.machine(region, machine)?.usd ?? 0;
      return spot ? [{ name, onDemand, ...spot }] : [];
    });
    assert.ok(seen.length > 1200, String(seen.length));
    for (const { name, low, high, onDemand } of seen) {
      assert.ok(low.usd <= high.usd && high.usd < onDemand, name);
    }
  });

  for (const [target, catalog] of [
    ["eks", ec2],
    ["gke", computeEngine],
    ["aks", azureSizes],
  ] as const) {
    for (const region of tables[target]?.regions ?? []) {
      it(`prices or lists as unpriced every machine with accelerators: ${target} ${region}`, () => {
        const without = catalog.gpuMachines.filter(
          (type) => !tables[target]?.machine(region, type),
        );
        assert.deepEqual(
          [...without].sort(),
          [...(unpriced[`${target} ${region}`] ?? [])].sort(),
        );
      });
    }
  }

  it("prices what a spot pool may take in place of another", () => {
    for (const type of spotTypes("m7i.4xlarge", "eu-central-1")) {
      assert.ok(eks.machine("eu-central-1", type), type);
    }
  });

  it("has a machine that it does not know named in the bill, never at nothing", () => {
    const builder = new BillBuilder(eks, "eu-central-1");
    builder.nodes({
      resource: "pool-big",
      type: "x9z.32xlarge",
      count: { min: 2, max: 5 },
      spot: false,
    });
    builder.fee("network", "door", "no-such-fee", { what: "a door" });
    assert.deepEqual(builder.bill.items, []);
    assert.deepEqual(builder.bill.unpriced, [
      {
        resource: "pool-big",
        what: "2 to 5 machines x9z.32xlarge in eu-central-1",
      },
      { resource: "door", what: "a door (no-such-fee) in eu-central-1" },
    ]);
  });
});
