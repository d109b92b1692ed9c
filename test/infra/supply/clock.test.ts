import assert from "node:assert/strict";

import { Clock, formatDuration } from "../../../infra/supply/time-left";
import { TOOLS } from "../../../infra/supply/toolchain/tools";

describe("Clock", () => {
  const table = TOOLS.map(({ binary, minutes }) => ({ id: binary, minutes }));

  /** Numbers between 0 and 1 that look random and are the same each time. */
  function* numbers(seed: number): Generator<number, never> {
    for (let value = seed; ; value = (value * 16_807) % 2_147_483_647)
      yield value / 2_147_483_647;
  }

  /**
   * Plays the table on a machine of two lanes where a minute of it takes `pace` minutes, each step up to 15 % more
   * or less, and looks at the estimate every 20 seconds.
   */
  function play(pace: number, seed: number) {
    let now = 0;
    const clock = new Clock(table, 2, () => now * 60_000, 2);
    const random = numbers(seed);
    const queue = table.map(({ id, minutes }) => ({
      id,
      takes: minutes * pace * (0.85 + 0.3 * random.next().value),
    }));
    const seen: { readonly at: number; readonly left: number }[] = [];
    const running = new Map<string, number>();
    while (queue.length > 0 || running.size > 0) {
      for (const [id, end] of running)
        if (end <= now) {
          clock.finish(id);
          running.delete(id);
        }
      while (running.size < 2 && queue.length > 0) {
        const next = queue.shift();
        if (!next) break;
        clock.start(next.id);
        running.set(next.id, now + next.takes);
      }
      seen.push({ at: now, left: clock.minutesLeft() });
      now += 1 / 3;
    }
    return { seen, total: now };
  }

  for (const pace of [0.8, 1.8, 2.7])
    it(`is within a third of the truth, or two minutes, once a quarter is done, where a minute takes ${pace}`, () => {
      for (let seed = 1; seed <= 40; seed++) {
        const { seen, total } = play(pace, seed * 7919);
        for (const { at, left } of seen) {
          const truth = total - at;
          if (at < total / 4) continue;
          assert.ok(
            Math.abs(left - truth) <= Math.max(2, truth / 3),
            `after ${at.toFixed(1)} of ${total.toFixed(1)} min: ${left.toFixed(1)} left, said of ${truth.toFixed(1)} (seed ${seed})`,
          );
        }
      }
    });

  it("is within a third from the first line on, where the machine is of the usual pace", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { seen, total } = play(1.8, seed * 104_729);
      const [first] = seen;
      assert.ok(first && Math.abs(first.left - total) <= total / 3);
    }
  });

  it("moves: no minute passes in which the same is said", () => {
    const { seen, total } = play(1.8, 12_345);
    for (let index = 3; index < seen.length; index++) {
      const [before, after] = [seen[index - 3], seen[index]];
      if (before && after && total - after.at > 1)
        assert.notEqual(before.left, after.left);
    }
  });

  it("never takes a running step for done", () => {
    let now = 0;
    const clock = new Clock([{ id: "a", minutes: 1 }], 2, () => now);
    clock.start("a");
    now = 60 * 60_000;
    assert.ok(clock.minutesLeft() > 0);
    assert.equal(clock.timeOf("a"), "60m00s");
  });
});

describe("formatDuration", () => {
  it("writes seconds, then minutes", () => {
    assert.equal(formatDuration(9.6), "10s");
    assert.equal(formatDuration(59.9), "1m00s");
    assert.equal(formatDuration(605), "10m05s");
  });
});
