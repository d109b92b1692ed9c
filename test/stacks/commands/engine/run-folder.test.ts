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

import { RunFolder } from "../../../../stacks/commands/engine/run-folder";

describe("folder for the temporary files of a run", () => {
  let outer: string;

  beforeEach(() => {
    outer = mkdtempSync(join(tmpdir(), "mlstack-outer-"));
  });

  afterEach(() => rmSync(outer, { recursive: true }));

  const runFolders = () =>
    readdirSync(outer).filter((name) => name.startsWith("mlstack-run-"));

  /** Makes a folder with the mark of a run, whose processes these are. */
  const usedBy = (name: string, ...pids: readonly (number | undefined)[]) => {
    mkdirSync(join(outer, name));
    writeFileSync(join(outer, name, ".mlstack-run"), pids.join("\n"));
  };

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
      usedBy("mlstack-run-aaaaaa", dead);
      writeFileSync(join(outer, "mlstack-run-aaaaaa/kubeconfig1"), "secret");
      usedBy("mlstack-run-bbbbbb", dead, engine.pid);
      usedBy("mlstack-run-cccccc", process.pid);
      usedBy("others", dead);
      symlinkSync(join(outer, "others"), join(outer, "mlstack-run-dddddd"));
      mkdirSync(join(outer, "mlstack-run-unmarked"));

      new RunFolder(outer).remove();

      assert.deepEqual(
        new Set(runFolders()),
        new Set([
          ...["mlstack-run-bbbbbb", "mlstack-run-cccccc"],
          ...["mlstack-run-dddddd", "mlstack-run-unmarked"],
        ]),
      );
      assert.ok(existsSync(join(outer, "others/.mlstack-run")));
    } finally {
      engine.kill();
    }
  });
});
