import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { lastingScript } from "../../../infra/onprem/lasting-run";
import { eventually } from "../../support/eventually";

describe("lines that run to their end", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlstack-lasting-"));
  const lock = join(folder, "lock/change.lock");
  after(() => rmSync(folder, { recursive: true }));

  const run = (script: string) =>
    spawnSync("sh", ["-seu"], {
      input: lastingScript(script, lock),
      encoding: "utf8",
    });

  it("show what they print, and how they end", () => {
    const done = run("echo one; sleep 0.3; echo two >&2; cat");
    assert.deepEqual([done.status, done.stdout], [0, "one\ntwo\n"]);
    const failed = run("echo bad; exit 3; echo never");
    assert.deepEqual([failed.status, failed.stdout], [3, "bad\n"]);
    assert.equal(run("false; echo never").status, 1);
    assert.deepEqual(readdirSync(join(folder, "lock")), ["change.lock"]);
  });

  it("go on when nobody listens any more, and another run waits for them", async () => {
    const end = join(folder, "end");
    const lines = `for line in 1 2 3 4 5 6 7 8; do echo $line; sleep 0.2; done; touch ${end}`;
    const cut = spawn("sh", ["-seu"], { stdio: ["pipe", "pipe", "ignore"] });
    cut.stdin.end(lastingScript(lines, lock));
    await once(cut.stdout, "data");
    // As where the connection is lost: the pipe's other end is gone, and so is the shell.
    cut.stdout.destroy();
    cut.kill("SIGKILL");
    await once(cut, "exit");
    assert.ok(!existsSync(end));
    const next = run(`test -e ${end}`);
    assert.equal(next.status, 0, next.stdout);
    await eventually(async () => existsSync(end));
  });
});
