import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "../..");

/** The reaper on stacks of its own in a back end of its own, by the real CLI. */
describe("reaper", function () {
  const folder = mkdtempSync(join(tmpdir(), "mlstack-reap-"));
  const names = ["ended", "lasting", "endless"].map((name) => `reap-${name}`);
  const [ended = "", lasting = "", endless = ""] = names;
  const fileOf = (name: string) => join(root, `stacks/Pulumi.${name}.yaml`);

  function run(command: string, ...args: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["stacks/commands/run.mjs", command, ...args],
      {
        cwd: root,
        encoding: "utf8",
        env: {
          ...process.env,
          PULUMI_BACKEND_URL: `file://${folder}`,
          PULUMI_CONFIG_PASSPHRASE: "",
        },
      },
    );
    return { status, stdout, stderr };
  }

  function pulumi(...args: readonly string[]): string {
    const { status, stdout, stderr } = run("pulumi", ...args);
    assert.equal(status, 0, stderr);
    return stdout;
  }

  function tag(name: string, expiry: string): void {
    pulumi("stack", "tag", "set", "mlstack:expiry", expiry, "--stack", name);
  }

  before(() => {
    for (const name of names) pulumi("stack", "init", name);
    tag(ended, "2020-01-01T00:00:00Z");
    tag(lasting, "2100-01-01T00:00:00Z");
  });

  after(() => {
    for (const name of names) rmSync(fileOf(name), { force: true });
    rmSync(folder, { recursive: true, force: true });
  });

  it("says what it would do, and does nothing", () => {
    const { status, stdout } = run("ephemeral", "--reap", "--dry-run");
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^${ended}: expired .* would be`, "m"));
    assert.match(pulumi("stack", "ls"), new RegExp(ended));
  });

  it("takes down what has expired, and that alone, with a line a stack", () => {
    const { status, stdout } = run("ephemeral", "--reap");
    assert.equal(status, 0, stdout);
    assert.deepEqual(stdout.trim().split("\n"), [
      `${ended}: expired 2020-01-01T00:00:00Z: taken down, 0 resources`,
      `${endless}: has no expiry: kept`,
      `${lasting}: expires 2100-01-01T00:00:00Z: kept`,
    ]);
    const left = pulumi("stack", "ls");
    assert.doesNotMatch(left, new RegExp(ended));
    assert.match(left, new RegExp(lasting));
    assert.match(left, new RegExp(endless));
    assert.ok(!existsSync(fileOf(ended)));
  });

  it("finds nothing to do a second time", () => {
    const { status, stdout } = run("ephemeral", "--reap");
    assert.equal(status, 0);
    assert.equal(stdout.trim().split("\n").length, 2);
  });

  it("fails on an expiry that it cannot read, and keeps the stack", () => {
    tag(lasting, "someday");
    const { status, stdout } = run("ephemeral", "--reap");
    assert.equal(status, 1);
    assert.match(stdout, new RegExp(`^${lasting}: .*someday.*: failed$`, "m"));
    assert.match(pulumi("stack", "ls"), new RegExp(lasting));
  });
});
