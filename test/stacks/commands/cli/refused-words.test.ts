import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { commands } from "../../../../stacks/commands/command-list";
import { Checkout } from "../../../support/checkout";

/** The program as npm really starts it. */
describe("command line", function () {
  // Each test starts npm, which takes its time on a busy machine.
  this.timeout(60_000);

  let checkout: Checkout;
  before(() => {
    checkout = new Checkout();
  });
  after(() => checkout.remove());

  /** A refusal is one line, with exit code 1, and nothing was begun: not even this machine's state folder is there. */
  function refused(args: readonly string[]): string {
    const { code, stdout, stderr } = checkout.npm(["run", "-s", ...args]);
    assert.equal(code, 1, stdout + stderr);
    assert.equal(stdout, "");
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
    assert.ok(!existsSync(join(checkout.home, ".local")));
    assert.ok(!existsSync(join(checkout.root, ".mlstack")));
    return stderr.trim();
  }

  const forgotten: readonly (readonly [string[], string])[] = [
    [["down", "--stack", "aws"], "npm run down -- --stack aws"],
    [["down", "--stack=aws"], "npm run down -- --stack aws"],
    [["up", "--stack", "aws"], "npm run up -- --stack aws"],
    [["preview", "--markdown"], "npm run preview -- --markdown"],
    [
      ["open", "notebook-first", "--stack", "aws"],
      "npm run open -- notebook-first --stack aws",
    ],
    [
      ["ephemeral", "--dry-run", "--", "--reap"],
      "npm run ephemeral -- --dry-run --reap",
    ],
    [
      ["pulumi", "destroy", "--stack", "aws"],
      "npm run pulumi -- destroy --stack aws",
    ],
  ];
  for (const [args, line] of forgotten) {
    it(`refuses \`npm run ${args.join(" ")}\`, and says the line that was meant`, () => {
      const said = refused(args);
      assert.ok(said.endsWith(`write: ${line}`), said);
    });
  }

  for (const command of ["up", "down", "preview", "status", "doctor"]) {
    it(`refuses \`npm run ${command} aws\`, and says how to name a stack`, () => {
      assert.match(
        refused([command, "aws"]),
        new RegExp(`write: npm run ${command} -- --stack aws$`),
      );
    });
  }

  it("names an unknown option, and the one that was meant", () => {
    assert.match(
      refused(["down", "--", "--stak", "aws"]),
      /did you mean --stack/,
    );
  });

  it("names a stack that there is not, and those that there are", () => {
    assert.match(
      refused(["down", "--", "--stack", "avs"]),
      /"avs": no such stack; choose one of aws, /,
    );
  });

  it("passes nothing on to Pulumi where a command does not call it", () => {
    assert.match(refused(["status", "--", "--", "--diff"]), /"--diff"/);
  });

  it("says in a line that a command is unknown, and which was meant", () => {
    const { code, stderr } = checkout.mlstack(["dwon"]);
    assert.equal(code, 1);
    assert.equal(
      stderr,
      "mlstack: unknown command 'dwon'; did you mean down?\n",
    );
  });

  it("is the program of the package", () => {
    const { code, stdout } = checkout.npm(["exec", "--", "mlstack", "--help"]);
    assert.equal(code, 0);
    for (const [name, { hidden }] of Object.entries(commands)) {
      assert.equal(new RegExp(`^  ${name} `, "m").test(stdout), !hidden, name);
    }
  });

  it("helps with each command, with examples", () => {
    const names = Object.entries(commands).flatMap(([name, { raw, hidden }]) =>
      raw || hidden ? [] : [name],
    );
    const { code, stdout } = checkout.node(
      `const { main } = require("./stacks/commands/main.ts");
       (async () => {
         for (const name of ${JSON.stringify(names)}) {
           if ((await main([name, "--help"])) !== 0) process.exitCode = 1;
         }
       })();`,
    );
    assert.equal(code, 0);
    assert.deepEqual(
      [...stdout.matchAll(/^Usage: mlstack (\w+)/gm)].map((found) => found[1]),
      names,
    );
    assert.equal(stdout.match(/^Examples:$/gm)?.length, names.length);
  });

  const completions: readonly (readonly [string[], string])[] = [
    [["do"], "down"],
    [["up", "--loc"], "--local-state"],
    [["down", "--stack", "a"], "aws"],
    [["features", "hist"], "history"],
  ];
  for (const [words, word] of completions) {
    it(`completes \`${words.join(" ")}\``, () => {
      const { code, stdout } = checkout.mlstack(["complete", "--", ...words]);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^${word}\\b`, "m"));
    });
  }

  for (const shell of ["bash", "zsh", "fish"]) {
    it(`gives ${shell} a completion that asks the program`, () => {
      const { code, stdout } = checkout.mlstack(["complete", shell]);
      assert.equal(code, 0);
      assert.match(stdout, /mlstack complete --/);
      // Where the shell is here, it parses the script.
      const { status, error } = spawnSync(shell, ["-n"], { input: stdout });
      assert.ok(error !== undefined || status === 0);
    });
  }

  it("needs a version of Node, and says which", () => {
    const manifest = join(checkout.root, "package.json");
    const old = checkout.read("package.json");
    writeFileSync(manifest, old.replace(/">=20\.19"/, '">=99.1"'));
    const { code, stderr } = checkout.mlstack(["--help"]);
    writeFileSync(manifest, old);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^mlstack: Node [\d.]+ is too old: install 99\.1 or newer\n$/,
    );
  });
});
