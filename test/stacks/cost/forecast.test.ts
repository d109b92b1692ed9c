import assert from "node:assert/strict";

import { demandOf } from "../../../stacks/cost/demand";
import {
  forecastOf,
  growthTo,
  type History,
  meanDay,
  trendOf,
} from "../../../stacks/cost/forecast";

const gib = 2 ** 30;
const day = 24 * 3600;

/** Days whose mean is 10, and that rise by one a day: 14 days from 3.5 to 16.5. */
const rising = Array.from({ length: 14 }, (_, at) => 3.5 + at);

/** Days that go up and down around 10, without a direction. */
const noisy = [9, 12, 8, 11, 9, 13, 8, 10, 12, 7, 11, 10, 8, 12];

const near = (value: number, expected: number) =>
  assert.ok(Math.abs(value - expected) < 1e-6, `${value}, not ${expected}`);

describe("trend of demand", () => {
  it("is the line of least squares", () => {
    const { mean, slope } = trendOf(rising);
    near(mean, 10);
    near(slope, 1);
    // By hand: x = 0, 1, 2 and y = 1, 2, 2 have slope 1/2, and 1/2 is not twice its error of 0.289.
    near(trendOf([1, 2, 2]).slope, 0);
    // y = 1, 2, 4: slope 3/2, error 0.289.
    near(trendOf([1, 2, 4]).slope, 1.5);
  });

  it("is none where the days cannot tell it from chance", () => {
    assert.equal(trendOf(noisy).slope, 0);
    near(meanDay(noisy, 3), 10);
    assert.equal(trendOf([]).slope, 0);
  });

  it("goes on to the middle of each month, and not below nothing", () => {
    // Day 13.5 is the end of the history, the middle of its next month 365/24 days later; the mean is at day 6.5.
    near(meanDay(rising, 1), 10 + (13.5 + 365 / 24 - 6.5));
    near(growthTo(rising, 1), 1 + (7 + 365 / 24) / 10);
    assert.equal(meanDay([...rising].reverse(), 2), 0);
    assert.equal(growthTo([0, 0, 0], 1), 1);
  });
});

describe("forecast", () => {
  const level = Array.from({ length: 14 }, () => 12);
  const history: History = {
    pools: [
      {
        ...{ pool: "cpu", min: 1, max: 3, peak: 0.8, daily: level },
        hour: { low: 0.5, high: 0.5 },
      },
      {
        ...{ pool: "burst", min: 0, max: 4, peak: 3, daily: rising },
        hour: { low: 0.2, high: 0.4 },
      },
    ],
    teams: [
      {
        ...{ team: "ml", daily: rising },
        resources: [
          { name: "cpu", peak: 8, quota: 16 },
          { name: "memory", peak: 1 * gib, quota: 64 * gib },
          { name: "gpus", peak: 0, quota: 0 },
        ],
      },
    ],
    ...{ fixed: 100, budget: 900 },
  };

  it("has the node hours and dollars of each month, what stands paid for in any case", () => {
    const { pools, together } = forecastOf(history, 2);
    const [cpu, , burst] = pools;
    assert.ok(cpu?.usd && burst?.usd);
    // 12 a day are half of one node that always stands.
    near(cpu.nodeHours, 365);
    assert.equal(cpu.nodes, 1);
    near(cpu.usd.high, 0.5 * 730);
    const hours = (10 + 7 + 365 / 24) * (730 / 24);
    near(burst.nodeHours, hours);
    near(burst.usd.low, hours * 0.2);
    // 3 x 3.22
    assert.equal(burst.nodes, 10);
    near(together[0]?.high ?? 0, 100 + 365 + hours * 0.4);
  });

  it("names the bound that is reached first, with the others after it", () => {
    const { bounds } = forecastOf(history, 3);
    assert.deepEqual(
      bounds.map(({ path, month }) => [path, month]),
      [
        ["pools.burst.max", 1],
        ["teams.ml.quota.cpu", 1],
        // 759 midway in the first month, 1,036 in the second.
        ["budget.monthly", 2],
      ],
    );
    const [pool] = bounds;
    assert.deepEqual([pool?.needed, pool?.limit], [10, 4]);
  });

  it("says of a pool that was wholly in use that it is at its bound by now", () => {
    const [pool, ...others] = history.pools;
    assert.ok(pool);
    const full = { ...history, pools: [{ ...pool, peak: 3 }, ...others] };
    const [first] = forecastOf(full, 1).bounds;
    assert.deepEqual([first?.path, first?.month], ["pools.cpu.max", 0]);
    const almost = { ...history, pools: [{ ...pool, peak: 2.9 }] };
    assert.ok(
      forecastOf(almost, 1).bounds.every(({ bound }) => bound !== "max"),
    );
  });

  it("has no sum where a pool has no price, and is silent where nothing is reached", () => {
    const unpriced = { pool: "cpu", min: 1, max: 3, peak: 0.8, daily: level };
    const { together, bounds } = forecastOf(
      { pools: [unpriced], teams: [], fixed: 1, budget: 1 },
      3,
    );
    assert.deepEqual([together, bounds], [[], []]);
  });
});

describe("demand of runs", () => {
  const now = Date.UTC(2030, 0, 31);
  const run = (from: number, seconds: number, pool: string, cores: number) => {
    const startedAt = now + from * 1000;
    return {
      namespace: "ml",
      nodeUse: [
        {
          ...{ node: `${pool}-1`, pool, gpuSeconds: 0 },
          startedAt: new Date(startedAt).toISOString(),
          finishedAt: new Date(startedAt + seconds * 1000).toISOString(),
          coreSeconds: cores * seconds,
          byteSeconds: gib * seconds,
          capacity: { cores: 8, bytes: 32 * gib, gpus: 0 },
        },
      ],
    };
  };
  const pools = [
    { name: "cpu", fromZero: false },
    { name: "burst", fromZero: true },
  ];

  it("is by day, by the nodes that the cost counts, with the most at once", () => {
    const {
      days,
      pools: used,
      teams,
    } = demandOf(
      [
        run(-3.5 * day, 3600, "cpu", 4),
        // An hour each side of a midnight of the history.
        run(-day - 3600, 7200, "cpu", 2),
        run(-day, 1800, "cpu", 6),
        // The same node twice for an hour.
        run(-2 * day, 3600, "burst", 1),
        run(-2 * day, 3600, "burst", 3),
      ],
      pools,
      now,
    );
    assert.equal(days, 3);
    assert.deepEqual(
      used.map(({ daily }) =>
        daily.map((hours) => Math.round(hours * 1e6) / 1e6),
      ),
      [
        [0, 0.25, 0.25 + 0.375],
        [0, 1, 0],
      ],
    );
    // A quarter and three quarters of a node in the last day; one node, however many jobs.
    assert.deepEqual(
      used.map(({ peak }) => Math.round(peak * 1e6) / 1e6),
      [1, 1],
    );
    assert.deepEqual(
      teams.map(({ name, peaks }) => [name, peaks.cores]),
      [["ml", 8]],
    );
  });

  it("of nothing has no days", () => {
    assert.equal(demandOf([], pools, now).days, 0);
  });
});
