import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { CommandFailed, run } from "../../../infra/supply/process";
import {
  Clock,
  formatDuration,
  silentProgress,
  withCacheLock,
  type Step,
} from "../../../infra/supply/steps";

describe("steps", () => {
  let cache: string;
  const before = process.env.XDG_CACHE_HOME;

  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), "mlstack-test-"));
    process.env.XDG_CACHE_HOME = cache;
  });

  afterEach(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    rmSync(cache, { recursive: true });
  });

  describe("silentProgress", () => {
    const step = (id: string, parts: Partial<Step> = {}): Step => ({
      id,
      title: id,
      minutes: 1,
      run: () => Promise.resolve(),
      ...parts,
    });

    it("runs a step after those that it needs", async () => {
      const order: string[] = [];
      const note = (id: string, milliseconds: number) => async () => {
        await sleep(milliseconds);
        order.push(id);
      };
      await silentProgress([
        step("slow", { run: note("slow", 30) }),
        step("quick", { run: note("quick", 1) }),
        step("last", { after: ["slow", "done-already"], run: note("last", 1) }),
      ]);
      assert.deepEqual(order, ["quick", "slow", "last"]);
    });

    it("ends what runs when a step fails, and starts nothing more", async () => {
      let aborted = false;
      const started: string[] = [];
      await assert.rejects(
        silentProgress([
          step("long", {
            run: ({ signal }) =>
              new Promise((_, reject) =>
                signal.addEventListener("abort", () => {
                  aborted = true;
                  reject(new Error("ended"));
                }),
              ),
          }),
          step("bad", {
            run: () => Promise.reject(new Error("no space left")),
          }),
          step("next", {
            run: () => {
              started.push("next");
              return Promise.resolve();
            },
          }),
        ]),
        /no space left/,
      );
      assert.ok(aborted);
      assert.deepEqual(started, []);
    });

    it("refuses an order in which lanes would wait for each other", async () => {
      await assert.rejects(
        silentProgress([step("a", { after: ["b"] }), step("b")]),
        /a stands before b/,
      );
      await assert.rejects(silentProgress([step("a"), step("a")]), /Two steps/);
    });
  });

  describe("Clock", () => {
    it("counts what is left at the pace so far", () => {
      let now = 0;
      const clock = new Clock(
        [
          { id: "a", minutes: 2 },
          { id: "b", minutes: 3 },
        ],
        () => now,
      );
      clock.start("a");
      now = 4 * 60_000;
      clock.finish("a");
      // Two minutes of the table took four.
      assert.equal(clock.minutesLeft(), 6);
      assert.equal(clock.timeOf("a"), "4m00s");
      assert.equal(clock.timeLeft(), "about 6 min left");
    });

    it("never takes a running step for done", () => {
      let now = 0;
      const clock = new Clock([{ id: "a", minutes: 1 }], () => now);
      clock.start("a");
      now = 60 * 60_000;
      assert.ok(clock.minutesLeft() > 0);
    });
  });

  describe("formatDuration", () => {
    it("writes seconds, then minutes", () => {
      assert.equal(formatDuration(9.6), "10s");
      assert.equal(formatDuration(59.9), "1m00s");
      assert.equal(formatDuration(605), "10m05s");
    });
  });

  describe("withCacheLock", () => {
    it("lets one at a time in, and the next in turn", async () => {
      const order: string[] = [];
      let waited = 0;
      const enter = (name: string) =>
        withCacheLock(
          async () => {
            order.push(`${name} in`);
            await sleep(20);
            order.push(`${name} out`);
          },
          () => waited++,
        );
      await Promise.all([enter("a"), enter("b")]);
      assert.equal(waited, 1);
      assert.equal(order.length, 4);
      for (const index of [0, 2])
        assert.equal(order[index]?.[0], order[index + 1]?.[0]);
    });

    it("is free again after an error", async () => {
      await assert.rejects(
        withCacheLock(() => Promise.reject(new Error("broken"))),
        /broken/,
      );
      assert.equal(await withCacheLock(() => Promise.resolve(1)), 1);
    });
  });

  describe("run", () => {
    it("gives standard output, and keeps both in the log", async () => {
      const log = join(cache, "logs/a.log");
      const output = await run("sh", ["-c", "echo out; echo err >&2"], { log });
      assert.equal(output, "out");
      assert.match(
        readFileSync(log, "utf8"),
        /\$ sh -c .*\n(out\nerr|err\nout)/,
      );
    });

    it("names the command, its last words and the log when it fails", async () => {
      const log = join(cache, "b.log");
      await assert.rejects(
        run("sh", ["-c", "echo no such module >&2; exit 3"], { log }),
        (error: Error) => {
          assert.ok(error instanceof CommandFailed);
          assert.match(error.message, /exit code 3/);
          assert.match(error.message, /no such module/);
          assert.ok(error.message.includes(log));
          return true;
        },
      );
    });

    it("says when a program is not there", async () => {
      await assert.rejects(run("mlstack-none", []), /is not installed/);
    });

    it("ends a command and what it started", async () => {
      const abort = new AbortController();
      const running = run("sh", ["-c", "sleep 60 & wait"], {
        signal: abort.signal,
        onLine: () => undefined,
      });
      setTimeout(() => abort.abort(), 50);
      await assert.rejects(running, /interrupted/);
    });
  });
});
