import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  claimFolder,
  inspectFolder,
  markName,
  removeOwnedFolder,
} from "../../../infra/folders/owned-folder";
import { isSystemFolder } from "../../../infra/folders/system-folders";

const isRoot = process.getuid?.() === 0;

describe("owned folder", () => {
  let root: string;
  let folder: string;

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "mlstack-owned-")));
    folder = join(root, "data", "one");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** A folder that somebody else filled. */
  function foreign(name: string): string {
    const path = join(root, name);
    mkdirSync(join(path, "below"), { recursive: true });
    writeFileSync(join(path, "below", "precious"), "kept");
    return path;
  }

  const isWhole = (path: string) =>
    readFileSync(join(path, "below", "precious"), "utf8") === "kept";

  it("is made with a mark, for this user alone, and removed with all that is in it", async () => {
    await claimFolder(folder, "me");
    assert.deepEqual(await inspectFolder(folder), {
      kind: "owned",
      owner: "me",
    });
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    mkdirSync(join(folder, "a", "b"), { recursive: true });
    writeFileSync(join(folder, "a", "b", "c"), "");
    writeFileSync(join(folder, "d"), "");
    await removeOwnedFolder(folder, "me");
    assert.deepEqual(readdirSync(join(root, "data")), []);
    assert.deepEqual(await inspectFolder(folder), { kind: "free" });
  });

  it("is made of an empty folder", async () => {
    mkdirSync(folder, { recursive: true });
    assert.deepEqual(await inspectFolder(folder), { kind: "free" });
    await claimFolder(folder, "me");
    await removeOwnedFolder(folder, "me");
    assert.ok(!existsSync(folder));
  });

  it("is not made of a folder that somebody filled, nor is that one removed", async () => {
    const theirs = foreign("theirs");
    const refusal = /^Error: \/.*theirs: is not empty and carries no mark.*$/;
    await assert.rejects(claimFolder(theirs, "me"), refusal);
    await assert.rejects(removeOwnedFolder(theirs, "me"), refusal);
    assert.ok(isWhole(theirs));
  });

  it("is not removed, and not made again, by another owner", async () => {
    await claimFolder(folder, "me");
    writeFileSync(join(folder, "precious"), "kept");
    await assert.rejects(removeOwnedFolder(folder, "you"), /belongs to me/);
    await assert.rejects(claimFolder(folder, "you"), /belongs to me/);
    assert.equal(readFileSync(join(folder, "precious"), "utf8"), "kept");
  });

  it("that is not there is removed already", () =>
    removeOwnedFolder(folder, "me"));

  it("is not reached by a path that is not in its simplest form", async () => {
    await claimFolder(folder, "me");
    const theirs = foreign("theirs");
    writeFileSync(join(theirs, markName), "me\n", { mode: 0o600 });
    for (const path of [
      `${folder}/../../theirs`,
      `${folder}/..`,
      `${folder}/.`,
      `${folder}/`,
      `${root}//theirs`,
      "theirs",
      "",
    ]) {
      await assert.rejects(
        removeOwnedFolder(path, "me"),
        /not an absolute path in its simplest form/,
        path,
      );
    }
    assert.ok(isWhole(theirs));
    assert.ok(existsSync(folder));
  });

  it("is not reached through a link, in whatever component", async () => {
    await claimFolder(folder, "me");
    symlinkSync(join(root, "data"), join(root, "data-link"));
    symlinkSync(folder, join(root, "one-link"));
    for (const path of [join(root, "data-link", "one"), join(root, "one-link")])
      await assert.rejects(
        removeOwnedFolder(path, "me"),
        new RegExp(`leads through a link.*; write ${folder}$`),
      );
    assert.ok(existsSync(folder));
  });

  it("leaves what its links lead to", async () => {
    const theirs = foreign("theirs");
    await claimFolder(folder, "me");
    mkdirSync(join(folder, "volumes"));
    symlinkSync(theirs, join(folder, "link"));
    symlinkSync(theirs, join(folder, "volumes", "link"));
    await removeOwnedFolder(folder, "me");
    assert.ok(!existsSync(folder));
    assert.ok(isWhole(theirs));
  });

  it("is not one whose mark is a link, or may be written by others", async () => {
    await claimFolder(folder, "me");
    const mark = join(folder, markName);
    chmodSync(mark, 0o666);
    await assert.rejects(
      removeOwnedFolder(folder, "me"),
      /was written by another user, or may be/,
    );
    if (isRoot) {
      chmodSync(mark, 0o600);
      chownSync(mark, 65534, 65534);
      await assert.rejects(
        removeOwnedFolder(folder, "me"),
        /was written by another user/,
      );
    }
    rmSync(mark);
    writeFileSync(join(root, "mark"), "me\n", { mode: 0o600 });
    symlinkSync(join(root, "mark"), mark);
    await assert.rejects(removeOwnedFolder(folder, "me"), /is a link/);
    assert.ok(existsSync(folder));
  });

  it("gives up one part, and keeps the others", async () => {
    const theirs = foreign("theirs");
    await claimFolder(folder, "me");
    for (const node of ["cpu-0", "cpu-1"])
      mkdirSync(join(folder, "nodes", node, "var"), { recursive: true });
    await removeOwnedFolder(folder, "me", ["nodes", "cpu-0"]);
    assert.deepEqual(readdirSync(join(folder, "nodes")), ["cpu-1"]);
    await assert.rejects(
      removeOwnedFolder(folder, "you", ["nodes", "cpu-1"]),
      /belongs to me/,
    );
    for (const part of [["nodes", ".."], ["..", "theirs"], ["a/b"], [""]])
      await assert.rejects(
        removeOwnedFolder(folder, "me", part),
        /is no path inside of it/,
      );
    symlinkSync(theirs, join(folder, "link"));
    await assert.rejects(
      removeOwnedFolder(folder, "me", ["link", "below"]),
      /leads through a link/,
    );
    assert.ok(isWhole(theirs));
    assert.deepEqual(readdirSync(join(folder, "nodes")), ["cpu-1"]);
  });

  it("keeps its mark as long as anything else of it is there", async function () {
    if (!isRoot) this.skip();
    await claimFolder(folder, "me");
    writeFileSync(join(folder, "stuck"), "");
    mkdirSync(join(folder, "below"));
    // An immutable file is what even root cannot remove.
    try {
      execFileSync("chattr", ["+i", join(folder, "stuck")], {
        stdio: "ignore",
      });
    } catch {
      // Not every file system has immutable files.
      this.skip();
    }
    try {
      await assert.rejects(removeOwnedFolder(folder, "me"), /EPERM/);
    } finally {
      execFileSync("chattr", ["-i", join(folder, "stuck")]);
    }
    assert.deepEqual(readdirSync(folder).sort(), [markName, "stuck"]);
    await removeOwnedFolder(folder, "me");
    assert.ok(!existsSync(folder));
  });

  it("is none where a mount point is", function () {
    if (!isRoot) this.skip();
    // A mount namespace of its own ends with the script: nothing is mounted on this machine.
    const output = execFileSync(
      "unshare",
      [
        "--mount",
        process.execPath,
        "--require",
        "tsx/cjs",
        join(__dirname, "owned-folder-mounts.ts"),
        root,
      ],
      { encoding: "utf8", cwd: join(__dirname, "../../..") },
    );
    assert.deepEqual(JSON.parse(output), {
      itself: `${root}/mounts/itself: is a mount point, and is left alone; unmount it, or choose a folder in it`,
      below: `${root}/mounts/below/a disk: is a mount point, and is left alone; unmount it, or choose a folder in it`,
      bound: `${root}/mounts/bound/again: is a mount point, and is left alone; unmount it, or choose a folder in it`,
      kept: ["itself/precious", "below/a disk/precious", "bound/precious"],
      aboveIsFine: true,
    });
  });
});

describe("system folders", () => {
  for (const path of [
    "/",
    "/bin",
    "/boot",
    "/dev/shm",
    "/etc",
    "/etc/mlstack",
    "/home",
    "/lib64/x",
    "/opt",
    "/proc/1",
    "/root",
    "/run/x",
    "/srv",
    "/sys/fs",
    "/tmp",
    "/usr/local/x",
    "/var",
    "/var/lib",
    "/var/log",
  ])
    it(`are such as ${path}, and are never claimed or removed`, async () => {
      assert.ok(isSystemFolder(path));
      await assert.rejects(
        claimFolder(path, "me"),
        /is a folder of the system|not an absolute path/,
      );
      await assert.rejects(
        removeOwnedFolder(path, "me"),
        /is a folder of the system|not an absolute path/,
      );
    });

  it("are not folders of one's own below those that are shared", () => {
    for (const path of ["/var/lib/mlstack", "/home/ann/x", "/data", "/opt/x"])
      assert.ok(!isSystemFolder(path), path);
  });
});
