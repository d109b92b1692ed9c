import assert from "node:assert/strict";

import type { NodeUse } from "../../../infra/provider/node-use";
import {
  money,
  runMoney,
  runMoneySpan,
  signedMoney,
} from "../../../stacks/cost/money";
import { ratedPools } from "../../../stacks/cost/pool-rates";
import {
  runCosts,
  sumsBy,
  type RatedPool,
} from "../../../stacks/cost/run-cost";
import { readStackConfig } from "../../../stacks/commands/stack-file/stack-config";

const gib = 2 ** 30;

/** Use of a node of 8 cores and 32 GiB, between two minutes of an hour. */
function use(
  node: string,
  pool: string,
  [from, to]: readonly [number, number],
  asked: { cores: number; gibibytes: number; gpus?: number },
  capacity: NodeUse["capacity"] | null = {
    ...{ cores: 8, bytes: 32 * gib, gpus: 0 },
  },
): NodeUse {
  const at = (minute: number) =>
    new Date(Date.UTC(2030, 0, 1, 0, minute)).toISOString();
  const seconds = (to - from) * 60;
  return {
    ...{ node, pool, startedAt: at(from), finishedAt: at(to) },
    coreSeconds: asked.cores * seconds,
    byteSeconds: asked.gibibytes * gib * seconds,
    gpuSeconds: (asked.gpus ?? 0) * seconds,
    ...(capacity && { capacity }),
  };
}

const pools: readonly RatedPool[] = [
  { name: "cpu", fromZero: false, hour: { low: 0.6, high: 0.6 }, sources: [] },
  { name: "burst", fromZero: true, hour: { low: 0.3, high: 1.2 }, sources: [] },
];

const rounded = (costs: ReturnType<typeof runCosts>) =>
  costs.map(
    (cost) =>
      cost && {
        low: Math.round(cost.low * 1e6) / 1e6,
        high: Math.round(cost.high * 1e6) / 1e6,
      },
  );

describe("cost of what ran", () => {
  it("is a share of the node on a pool that always has some: of cores or memory, whichever was asked more of", () => {
    const half = use("n1", "cpu", [0, 60], { cores: 4, gibibytes: 1 });
    const quarter = use("n2", "cpu", [0, 20], { cores: 1, gibibytes: 8 });
    assert.deepEqual(
      rounded(runCosts([{ nodeUse: [half, quarter] }], pools)),
      // 0.6 x (60 min x 1/2 + 20 min x 1/4)
      [{ low: 0.35, high: 0.35 }],
    );
  });

  it("is the whole node on a pool from zero, divided while others are there too", () => {
    const first = use("n1", "burst", [0, 30], { cores: 1, gibibytes: 1 });
    const second = use("n1", "burst", [20, 40], { cores: 3, gibibytes: 1 });
    const costs = runCosts(
      [{ nodeUse: [first] }, { nodeUse: [second] }],
      pools,
    );
    // 20 min alone and a quarter of 10; three quarters of 10 and 10 alone.
    assert.deepEqual(rounded(costs), [
      { low: 0.1125, high: 0.45 },
      { low: 0.0875, high: 0.35 },
    ]);
    const together = costs.reduce((sum, cost) => sum + (cost?.high ?? 0), 0);
    assert.ok(Math.abs(together - (1.2 * 40) / 60) < 1e-9, "no second twice");
  });

  it("takes a node's size from the pool's machine where the node did not say", () => {
    const unknown = use("n1", "cpu", [0, 60], { cores: 2, gibibytes: 1 }, null);
    const [cpu] = pools;
    assert.ok(cpu);
    const sized = { ...cpu, size: { cores: 4, bytes: 16 * gib } };
    assert.deepEqual(rounded(runCosts([{ nodeUse: [unknown] }], [sized])), [
      { low: 0.3, high: 0.3 },
    ]);
    assert.deepEqual(runCosts([{ nodeUse: [unknown] }], [cpu]), [undefined]);
  });

  it("has no figure for a run on a pool without a price, or on no node, and never 0", () => {
    const other = use("n1", "other", [0, 60], { cores: 2, gibibytes: 1 });
    const known = use("n2", "cpu", [0, 60], { cores: 2, gibibytes: 1 });
    const runs = [{ nodeUse: [other, known] }, { nodeUse: [] }];
    assert.deepEqual(runCosts(runs, pools), [undefined, undefined]);
  });

  it("adds up by team, at least where one has no figure", () => {
    const jobs = [
      { team: "a", cost: { low: 1, high: 2 } },
      { team: "a", cost: undefined },
      { team: "b", cost: { low: 3, high: 3 } },
      { team: "c", cost: undefined },
    ];
    assert.deepEqual(
      sumsBy(
        jobs,
        ({ team }) => team,
        ({ cost }) => cost,
      ),
      [
        { key: "a", low: 1, high: 2, atLeast: true },
        { key: "b", low: 3, high: 3, atLeast: false },
      ],
    );
  });
});

describe("rates of a stack's pools", () => {
  const rates = (stack: string) => ratedPools(readStackConfig(stack).config);

  it("are a node's hour with its disk, low to high on spot", () => {
    const [cpu, burst] = rates("aws");
    const disk = (100 * 0.0952) / 730;
    assert.ok(cpu && burst);
    assert.ok(Math.abs(cpu.hour.low - (0.483 + disk)) < 1e-9);
    assert.equal(cpu.hour.low, cpu.hour.high);
    assert.equal(cpu.fromZero, false);
    assert.ok(burst.fromZero && burst.hour.low < burst.hour.high);
  });

  it("are none on this machine, and on hosts without a price; priced hosts always stand", () => {
    assert.deepEqual(rates("local"), []);
    assert.deepEqual(rates("onprem"), []);
    const { config } = readStackConfig("onprem");
    const host = { price: 7300, years: 1, watts: 0, hosting: 0 };
    const costs = { host, pools: {}, perKwh: 0, years: 1 };
    const priced = ratedPools({
      pools: config.pools.map((pool) => ({ ...pool, min: 0 })),
      target: { ...config.target, costs } as never,
    });
    assert.ok(priced.length > 0);
    for (const { fromZero, hour } of priced) {
      assert.equal(fromZero, false);
      assert.ok(Math.abs(hour.high - 7300 / 12 / 730) < 1e-9);
    }
  });
});

describe("money", () => {
  it("is cents below ten dollars and whole dollars above, without a sign on nothing", () => {
    assert.deepEqual([0, 0.004, 0.5, 9.994, 9.996, 1289.9].map(money), [
      ...["0", "0", "0.50", "9.99", "10", "1,290"],
    ]);
    assert.equal(money(-0.001), "0");
    assert.deepEqual([1e-13, -0.004, 12.4, -0.5].map(signedMoney), [
      ...["±0", "±0", "+12", "-0.50"],
    ]);
  });

  it("of a run goes to a tenth of a cent", () => {
    assert.deepEqual([0, 0.0001, 0.0123, 0.9996, 12.34].map(runMoney), [
      ...["0", "<0.001", "0.012", "1.00", "12"],
    ]);
    assert.equal(runMoneySpan({ low: 0.0121, high: 0.0124 }), "0.012");
    assert.equal(runMoneySpan({ low: 0.01, high: 0.02 }), "0.010 to 0.020");
  });
});
