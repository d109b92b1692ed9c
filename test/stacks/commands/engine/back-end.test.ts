import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

import {
  backEndOf,
  hasEmptyPassphrase,
  refuseWeakBackEnd,
  requirePassphrase,
  type KeptStack,
} from "../../../../stacks/commands/engine/back-end";
import { CommandError } from "../../../../stacks/commands/cli/command-error";
import {
  isAlive,
  machineStateFolder,
  openMachineState,
  releaseStaleLock,
  takeOver,
} from "../../../../stacks/commands/engine/machine-state";

const embedded: KeptStack = {
  name: "local",
  embedded: true,
  shortLived: true,
  secrets: "passphrase",
};
const cloud: KeptStack = {
  name: "aws",
  embedded: false,
  shortLived: false,
  secrets: undefined,
};

describe("back end", () => {
  const names = [
    "XDG_STATE_HOME",
    "PULUMI_HOME",
    "PULUMI_BACKEND_URL",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
  ] as const;
  const before = names.map((name) => [name, process.env[name]] as const);
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "mlstack-home-"));
    for (const name of names) delete process.env[name];
    process.env["XDG_STATE_HOME"] = join(home, "state");
    process.env["PULUMI_HOME"] = join(home, "pulumi");
  });
  afterEach(() => {
    rmSync(home, { recursive: true, force: true });
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  function logIn(url: string): void {
    const file = join(home, "pulumi/credentials.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ current: url, accounts: {} }));
  }

  const elsewhere: readonly (readonly [string, () => void])[] = [
    ["nowhere", () => undefined],
    ["to Pulumi Cloud", () => logIn("https://app.pulumi.com")],
    ["to a bucket", () => logIn("s3://team-state")],
    ["by a variable", () => (process.env["PULUMI_BACKEND_URL"] = "s3://state")],
    ["by a token", () => (process.env["PULUMI_ACCESS_TOKEN"] = "pul-1")],
  ];
  for (const [where, login] of elsewhere) {
    it(`of an embedded stack is the machine's for a person logged in ${where}`, () => {
      login();
      process.env["PULUMI_CONFIG_PASSPHRASE"] = "of another stack";
      process.env["PULUMI_CONFIG_PASSPHRASE_FILE"] = "/of/another/stack";
      const folder = join(home, "state/mlstack");
      assert.deepEqual(backEndOf(embedded), {
        folder,
        env: {
          PULUMI_BACKEND_URL: `file://${folder}`,
          PULUMI_CONFIG_PASSPHRASE: "",
          PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
        },
      });
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      refuseWeakBackEnd(embedded, false);
      requirePassphrase(embedded);
    });
  }
  for (const [where, login] of elsewhere.slice(1)) {
    it(`of any other stack is that of a person logged in ${where}`, () => {
      login();
      assert.deepEqual(backEndOf(cloud), { env: {} });
      assert.ok(!existsSync(join(home, "state")));
    });
  }

  it("of a long-lived stack is chosen by the person, or refused", () => {
    assert.throws(() => refuseWeakBackEnd(cloud, false), /--local-state$/);
    refuseWeakBackEnd(cloud, true);
    refuseWeakBackEnd({ ...cloud, shortLived: true }, false);
    // It was said once.
    const file = join(openMachineState(), ".pulumi/stacks/mlstack/aws.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "{}");
    refuseWeakBackEnd(cloud, false);
    assert.throws(
      () => refuseWeakBackEnd({ ...cloud, name: "gcp" }, false),
      CommandError,
    );
  });

  it("refuses a long-lived stack under the empty passphrase", () => {
    logIn("s3://team-state");
    process.env["PULUMI_CONFIG_PASSPHRASE"] = "";
    assert.throws(() => refuseWeakBackEnd(cloud, false), /passphrase is empty/);
    assert.ok(hasEmptyPassphrase(cloud));
    refuseWeakBackEnd({ ...cloud, secrets: "provider" }, false);
    refuseWeakBackEnd({ ...cloud, shortLived: true }, false);
    delete process.env["PULUMI_CONFIG_PASSPHRASE"];
    const file = join(home, "passphrase");
    process.env["PULUMI_CONFIG_PASSPHRASE_FILE"] = file;
    writeFileSync(file, "\n");
    assert.throws(() => refuseWeakBackEnd(cloud, false), /passphrase is empty/);
    writeFileSync(file, "long enough\n");
    refuseWeakBackEnd(cloud, false);
    assert.ok(!hasEmptyPassphrase(cloud));
  });

  it("asks for a passphrase where nobody else encrypts the secrets", () => {
    logIn("s3://team-state");
    assert.throws(() => requirePassphrase(cloud), /PULUMI_CONFIG_PASSPHRASE/);
    requirePassphrase({ ...cloud, secrets: "provider" });
    logIn("https://app.pulumi.com");
    requirePassphrase(cloud);
    assert.throws(
      () => requirePassphrase({ ...cloud, secrets: "passphrase" }),
      /PULUMI_CONFIG_PASSPHRASE/,
    );
  });

  it("of the machine is refused on another machine", function () {
    if (!existsSync("/etc/machine-id")) this.skip();
    const note = join(openMachineState(), "machine-id");
    openMachineState();
    writeFileSync(note, "0123456789abcdef0123456789abcdef\n");
    assert.throws(() => openMachineState(), /another machine/);
  });

  it("ignores a relative XDG_STATE_HOME, as its specification says", () => {
    assert.equal(
      machineStateFolder({ XDG_STATE_HOME: "state" }),
      machineStateFolder({}),
    );
  });

  describe("of an earlier version, in the checkout", () => {
    const stackFiles = (name: string) => ({
      [`.pulumi/stacks/mlstack/${name}.json`]: `${name} now`,
      [`.pulumi/stacks/mlstack/${name}.json.bak`]: `${name} before`,
      [`.pulumi/stacks/mlstack/${name}.pulumi-tags`]: `${name} tags`,
      [`.pulumi/history/mlstack/${name}/${name}-1.history.json`]: "history",
    });
    function write(folder: string, files: Readonly<Record<string, string>>) {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
    }

    it("moves to the machine's, stack by stack", () => {
      const [from, to] = [join(home, "from"), join(home, "to")];
      const files = {
        ".pulumi/meta.yaml": "version: 1\n",
        ...stackFiles("local"),
        ...stackFiles("local-full"),
      };
      write(from, files);
      takeOver(from, to);
      for (const [path, text] of Object.entries(files)) {
        assert.equal(readFileSync(join(to, path), "utf8"), text);
      }
      assert.ok(!existsSync(from));
    });

    it("leaves a stack that the machine has already, and takes nothing from either", () => {
      const [from, to] = [join(home, "from"), join(home, "to")];
      write(from, { ...stackFiles("local"), ...stackFiles("other") });
      write(to, { ".pulumi/stacks/mlstack/local.json": "of the machine" });
      takeOver(from, to);
      const of = (folder: string, name: string) =>
        readFileSync(
          join(folder, `.pulumi/stacks/mlstack/${name}.json`),
          "utf8",
        );
      assert.equal(of(to, "local"), "of the machine");
      assert.equal(of(to, "other"), "other now");
      assert.equal(of(`${from}-unused`, "local"), "local now");
      takeOver(from, to);
    });

    it("waits for the end of a run that is at work on it", () => {
      const from = join(home, "from");
      write(from, {
        ...stackFiles("local"),
        ".pulumi/locks/organization/mlstack/local/1.json": `{"pid":${process.pid}}`,
      });
      assert.throws(() => takeOver(from, join(home, "to")), /busy/);
      assert.ok(existsSync(join(from, ".pulumi/stacks/mlstack/local.json")));
    });
  });

  describe("lock", () => {
    it("of a run that was killed is removed, with its attributes", async () => {
      const child = spawn("sleep", ["60"]);
      const folder = join(home, ".pulumi/locks/organization/mlstack/local");
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "1.json"), `{"pid":${child.pid}}`);
      writeFileSync(join(folder, "1.json.attrs"), "{}");
      assert.throws(() => releaseStaleLock(home, "local"), /busy/);
      assert.ok(existsSync(join(folder, "1.json")));
      child.kill("SIGKILL");
      await once(child, "exit");
      releaseStaleLock(home, "local");
      assert.ok(!existsSync(join(folder, "1.json")));
      assert.ok(!existsSync(join(folder, "1.json.attrs")));
    });

    it("is held by a process that runs, by whatever user, and not by one that has ended", () => {
      assert.ok(isAlive(process.pid));
      assert.ok(isAlive(1));
      assert.ok(!isAlive(spawnSync("true").pid));
    });

    it("is held where there is no /proc", function () {
      const hidden = spawnSync("unshare", ["--mount", "true"]).status === 0;
      if (!hidden) this.skip();
      const script = `const { isAlive } = require("./stacks/commands/engine/machine-state.ts");
        process.exitCode = isAlive(process.pid) && isAlive(process.ppid) ? 0 : 1;`;
      const { status, stderr } = spawnSync(
        "unshare",
        [
          ...["--mount", "sh", "-c"],
          'mount -t tmpfs none /proc && exec "$0" --require=tsx/cjs -e "$1"',
          process.execPath,
          script,
        ],
        { cwd: join(__dirname, "../../../.."), encoding: "utf8" },
      );
      assert.equal(status, 0, stderr);
    });
  });
});
