import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Checkout, type CommandEnd } from "../support/checkout";

/** The reaper on stacks of its own in a back end of its own, by the real CLI. */
describe("reaper", function () {
  const names = ["ended", "lasting", "endless", "long", "short"].map(
    (name) => `reap-${name}`,
  );
  const [ended = "", lasting = "", endless = "", long = "", short = ""] = names;
  let checkout: Checkout;
  let backEnd: Readonly<Record<string, string>>;

  function reap(...args: readonly string[]): CommandEnd {
    return checkout.mlstack(["ephemeral", "--reap", ...args], backEnd);
  }

  function run(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): string {
    const { code, stdout, stderr } = checkout.mlstack(["pulumi", ...args], env);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  const pulumi = (...args: readonly string[]): string => run(args, backEnd);

  function tag(name: string, expiry: string): void {
    pulumi("stack", "tag", "set", "mlstack:expiry", expiry, "--stack", name);
  }

  /** A stack that says of itself how long it lives, as one does that was up. */
  function fill(name: string, lifetime: string, env = backEnd): void {
    const file = join(checkout.home, "state.json");
    const { version, deployment } = JSON.parse(
      run(["stack", "export", "--stack", name], env),
    ) as { version: number; deployment: object };
    const type = "pulumi:pulumi:Stack";
    const resource = {
      urn: `urn:pulumi:${name}::mlstack::${type}::mlstack-${name}`,
      custom: false,
      type,
      outputs: { lifetime },
    };
    writeFileSync(
      file,
      JSON.stringify({
        version,
        deployment: { ...deployment, resources: [resource] },
      }),
    );
    run(["stack", "import", "--stack", name, "--file", file], env);
  }

  before(() => {
    checkout = new Checkout();
    backEnd = {
      PULUMI_BACKEND_URL: `file://${checkout.home}`,
      PULUMI_CONFIG_PASSPHRASE: "",
    };
    for (const name of names) pulumi("stack", "init", name);
    for (const name of [ended, long, short]) tag(name, "2020-01-01T00:00:00Z");
    tag(lasting, "2100-01-01T00:00:00Z");
    fill(long, "long");
    fill(short, "short");
  });

  after(() => checkout.remove());

  it("says what it would do, and does nothing", () => {
    const { code, stdout } = reap("--dry-run");
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^${ended}: expired .* would be`, "m"));
    assert.match(pulumi("stack", "ls"), new RegExp(ended));
  });

  it("takes down what is short-lived and has expired, and that alone, with a line a stack", () => {
    const { code, stdout } = reap();
    assert.equal(code, 0, stdout);
    assert.deepEqual(stdout.trim().split("\n"), [
      `${ended}: expired 2020-01-01T00:00:00Z: taken down, 0 resources`,
      `${endless}: has no expiry: kept`,
      `${lasting}: expires 2100-01-01T00:00:00Z: kept`,
      `${long}: expired 2020-01-01T00:00:00Z, but is not short-lived: kept`,
      `${short}: expired 2020-01-01T00:00:00Z: taken down, 1 resources`,
    ]);
    const left = pulumi("stack", "ls");
    for (const name of [ended, short]) {
      assert.doesNotMatch(left, new RegExp(name));
      assert.ok(!existsSync(checkout.stackFile(name)));
    }
    for (const name of [lasting, endless, long]) {
      assert.match(left, new RegExp(name));
    }
  });

  it("finds nothing to do a second time", () => {
    const { code, stdout } = reap();
    assert.equal(code, 0);
    assert.equal(stdout.trim().split("\n").length, 3);
  });

  it("fails on an expiry that it cannot read, and keeps the stack", () => {
    tag(lasting, "someday");
    const { code, stdout } = reap();
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`^${lasting}: .*someday.*: failed$`, "m"));
    assert.match(pulumi("stack", "ls"), new RegExp(lasting));
  });

  it("fails on a stack whose state it cannot open, names it, and keeps it", () => {
    pulumi("stack", "rm", "--yes", lasting);
    const sealed = "reap-sealed";
    const other = { ...backEnd, PULUMI_CONFIG_PASSPHRASE: "of its own" };
    run(["stack", "init", sealed], other);
    tag(sealed, "2020-01-01T00:00:00Z");
    fill(sealed, "short", other);
    const { code, stdout } = reap();
    assert.equal(code, 1);
    assert.match(
      stdout,
      new RegExp(`^${sealed}: .*failed: .*incorrect passphrase`, "m"),
    );
    assert.match(pulumi("stack", "ls"), new RegExp(sealed));
  });
});
