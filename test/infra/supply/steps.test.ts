import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { CommandFailed, run } from "../../../infra/supply/process";
import type { Step } from "../../../infra/supply/step";
import {
  showProgress,
  silentProgress,
  withCacheLock,
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

  describe("showProgress", () => {
    const step = (id: string, run: Step["run"]): Step => ({
      id,
      title: `Build ${id}`,
      minutes: 1,
      run,
    });

    it("prints a line of what runs whenever a log was silent for a while", async () => {
      const lines: string[] = [];
      const wait = () => sleep(500);
      await showProgress(
        [step("a", wait), step("b", wait)],
        false,
        (line) => lines.push(line),
        20,
      );
      const meanwhile = lines.filter((line) => line.startsWith("\u2026"));
      assert.ok(meanwhile.length >= 3, lines.join("\n"));
      assert.match(
        meanwhile[0] ?? "",
        /Build a \(\d+s so far, .*left\); Build b \(/,
      );
      assert.equal(lines.filter((line) => line.startsWith("\u2714")).length, 2);
    });

    it("names the log of a step that fails", async () => {
      const failing = step("a", ({ log }) => {
        writeFileSync(log, "what it did");
        return Promise.reject(new Error("no space left"));
      });
      await assert.rejects(
        showProgress([failing], false, () => undefined),
        ({ message }: Error) =>
          message ===
          `Build a: no space left\nThe whole log: ${join(cache, "mlstack/logs/a.log")}`,
      );
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
            await sleep(300);
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
