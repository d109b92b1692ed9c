import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { stackCost } from "../../../stacks/cost/stack-cost";
import { sumOf } from "../../../stacks/cost/sum";
import { costsOf } from "../../../infra";
import { declaredResources } from "../../../stacks/cost/declared";
import { costOfLife } from "../../../stacks/commands/cost/lifetime-cost";
import { readStackConfig } from "../../../stacks/commands/stack-file/stack-config";
import { parseConfig } from "../../../stacks/config";

interface HandSum {
  readonly stack: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly costs?: unknown;
  /** Floor in the README. */
  readonly readme?: number;
  readonly unpriced?: readonly string[];
  readonly floor: readonly (readonly [number, number, number])[];
  readonly ceiling: readonly (readonly [number, number, number])[];
}

const handSums = parse(
  readFileSync(join(__dirname, "hand-sums.yaml"), "utf8"),
) as Readonly<Record<string, HandSum>>;

/** Cost of a stack of the project, with other settings where given. */
async function cost(
  stack: string,
  settings: Readonly<Record<string, unknown>> = {},
) {
  const { values } = readStackConfig(stack);
  const changed = Object.entries(settings).map(
    ([key, value]) => [`mlstack:${key}`, value] as const,
  );
  const all = { ...values, ...Object.fromEntries(changed) };
  const own = Object.entries(all).flatMap(([key, value]) =>
    key.startsWith("mlstack:") ? [[key.slice("mlstack:".length), value]] : [],
  );
  const config = parseConfig(
    Object.fromEntries(own) as Record<string, unknown>,
    stack,
  );
  const resources = await declaredResources(stack, all);
  const sum = stackCost(config, resources);
  assert.ok(sum);
  return { sum, resources, config };
}

describe("cost of a stack", () => {
  for (const [name, shape] of Object.entries(handSums)) {
    it(`is what it sums up to by hand: ${name}`, async () => {
      const { stack, settings = {}, costs } = shape;
      const target = readStackConfig(stack).values["mlstack:target"];
      const { sum } = await cost(
        stack,
        costs ? { target: { ...(target as object), costs } } : settings,
      );
      for (const key of ["floor", "ceiling"] as const) {
        const byHand = shape[key].reduce(
          (all, [n, usd, m]) => all + n * usd * m,
          0,
        );
        assert.ok(
          Math.abs(sum[key] / byHand - 1) < 0.001,
          `${key}: ${sum[key]}, by hand ${byHand}`,
        );
      }
      assert.deepEqual(
        sum.unpriced.map(({ what }) => what),
        shape.unpriced ?? [],
      );
      if (shape.readme !== undefined) {
        assert.ok(Math.abs(sum.floor / shape.readme - 1) < 0.01);
      }
      assert.ok(sum.floor <= sum.typical);
    });
  }

  it("has ten shapes", () => assert.equal(Object.keys(handSums).length, 10));

  it("names a machine without a price, and a resource of a type that it does not know", async () => {
    const { resources, config } = await cost("aws", {
      pools: [
        { name: "cpu", machineType: "m7i.2xlarge", min: 3, max: 12 },
        { name: "big", machineType: "u7i-12tb.224xlarge", min: 0, max: 1 },
      ],
    });
    assert.equal(config.target.kind, "eks");
    const bill = costsOf("eks")?.bill(
      [
        ...resources,
        { type: "aws:rds/instance:Instance", name: "records", inputs: {} },
      ],
      config.target as never,
    );
    assert.ok(bill);
    const { unpriced, floor } = sumOf(bill, {
      pools: 0,
      gibibytes: { nat: 0, logs: 0, objects: 0, images: 0 },
    });
    assert.deepEqual(
      unpriced,
      [
        { resource: "records", what: "aws:rds/instance:Instance" },
        {
          resource: "aws-pools-big-euc1-az1",
          what: "0 to 1 machines u7i-12tb.224xlarge in eu-central-1",
        },
      ].reverse(),
    );
    assert.ok(floor > 1000);
  });

  it("of a short-lived one is told for its life, and not where nothing has a price", async () => {
    const day = 24 * 3_600_000;
    // 1,290 and 26,058 a month of 730 hours.
    assert.equal(
      await costOfLife("aws", day),
      "42 USD idle, 857 with every pool at its most",
    );
    for (const stack of ["local", "onprem"])
      assert.equal(await costOfLife(stack, day), undefined, stack);
  });

  it("counts the brokers' disks of a replicated Kafka", async () => {
    const kafka = {
      kind: "strimzi",
      brokers: 3,
      storage: "100Gi",
      topics: [{ name: "events" }],
    };
    const before = await cost("aws");
    const after = await cost("aws", { kafka });
    const more = after.sum.floor - before.sum.floor;
    assert.ok(Math.abs(more - 3 * 100 * 0.0952) < 0.01, String(more));
  });
});
