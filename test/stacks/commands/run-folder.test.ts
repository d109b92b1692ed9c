import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { RunFolder } from "../../../stacks/commands/run-folder";

describe("folder for the temporary files of a run", () => {
  let outer: string;

  beforeEach(() => {
    outer = mkdtempSync(join(tmpdir(), "mlstack-outer-"));
  });

  afterEach(() => rmSync(outer, { recursive: true }));

  const runFolders = () =>
    readdirSync(outer).filter((name) => name.startsWith("mlstack-run-"));

  /** Number of a process that has ended. */
  const ended = () => spawnSync("true").pid;

  it("takes with it what a plugin leaves, and keeps compiled code for the next run", () => {
    mkdirSync(join(outer, "tsx-0"));
    writeFileSync(join(outer, "tsx-0/old"), "compiled");

    const folder = new RunFolder(outer);
    const { TMPDIR: path = "", MLSTACK_TMPDIR } = folder.env;
    assert.equal(MLSTACK_TMPDIR, outer);
    assert.equal(readFileSync(join(path, "tsx-0/old"), "utf8"), "compiled");
    writeFileSync(join(path, "kubeconfig123"), "secret");
    writeFileSync(join(path, "tsx-0/new"), "compiled");
    mkdirSync(join(path, "ts-node-abc"));
    writeFileSync(join(path, "ts-node-abc/one"), "compiled");
    folder.remove();

    assert.deepEqual(readdirSync(outer).sort(), ["ts-node-abc", "tsx-0"]);
    assert.deepEqual(readdirSync(join(outer, "tsx-0")).sort(), ["new", "old"]);
    assert.ok(existsSync(join(outer, "ts-node-abc/one")));
  });

  it("removes those of runs that were killed, and none of a run that goes on", () => {
    const engine = spawn("sleep", ["60"]);
    try {
      const dead = ended();
      mkdirSync(join(outer, `mlstack-run-${dead}-aaaaaa`));
      writeFileSync(
        join(outer, `mlstack-run-${dead}-aaaaaa/kubeconfig1`),
        "secret",
      );
      mkdirSync(join(outer, `mlstack-run-${dead}-bbbbbb`));
      writeFileSync(
        join(outer, `mlstack-run-${dead}-bbbbbb/engine.pid`),
        String(engine.pid),
      );
      mkdirSync(join(outer, `mlstack-run-${process.pid}-cccccc`));
      mkdirSync(join(outer, "others"));
      symlinkSync(
        join(outer, "others"),
        join(outer, `mlstack-run-${dead}-dddddd`),
      );

      new RunFolder(outer).remove();

      assert.deepEqual(
        new Set(runFolders()),
        new Set([
          ...[`mlstack-run-${dead}-bbbbbb`, `mlstack-run-${dead}-dddddd`],
          `mlstack-run-${process.pid}-cccccc`,
        ]),
      );
      assert.ok(existsSync(join(outer, "others")));
    } finally {
      engine.kill();
    }
  });
});
