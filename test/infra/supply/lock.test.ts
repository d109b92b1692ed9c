import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";

import { withLock } from "../../../infra/supply/lock";

const root = join(__dirname, "../../..");

/** A process that holds a lock until it is killed. */
async function holder(path: string): Promise<ChildProcess> {
  const script = `
    require("tsx/cjs");
    require(${JSON.stringify(join(root, "infra/supply/lock.ts"))}).withLock(
      "test", ${JSON.stringify(path)},
      async () => { console.log("held"); await new Promise((end) => setTimeout(end, 60_000)); },
      () => { console.log("refused"); process.exit(0); });`;
  const child = spawn(process.execPath, ["-e", script], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [word] = (await once(child.stdout, "data")) as [Buffer];
  assert.equal(word.toString().trim(), "held");
  return child;
}

const refuse = (pid?: string) => {
  throw new Error(`held by ${pid}`);
};

describe("lock", () => {
  it("is held by one process alone, which it names, and is free once that was killed", async () => {
    const path = `/nowhere/${randomUUID()}`;
    const child = await holder(path);
    try {
      await assert.rejects(
        withLock("test", path, () => Promise.resolve(), refuse),
        new RegExp(`held by ${child.pid}$`),
      );
      await withLock("test", `${path}x`, () => Promise.resolve(), refuse);
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    assert.equal(
      await withLock("test", path, () => Promise.resolve("mine"), refuse),
      "mine",
    );
  });

  it("is given to one after another of many that ask at once", async () => {
    const path = `/nowhere/${randomUUID()}`;
    let inside = 0;
    let most = 0;
    const enter = () =>
      withLock(
        "test",
        path,
        async () => {
          most = Math.max(most, ++inside);
          await new Promise(setImmediate);
          inside--;
        },
        () => undefined,
      );
    await Promise.all(Array.from({ length: 8 }, enter));
    assert.equal(most, 1);
  });
});
