import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import {
  toolPath,
  toolVersion,
  findTool,
} from "../../infra/supply/toolchain/tools";
import { commentMarker } from "../../stacks/preview/comment";

const root = join(__dirname, "../..");
const github = join(root, ".github");
const workflows = readdirSync(join(github, "workflows")).map((file) =>
  join(github, "workflows", file),
);
const prepare = join(github, "actions/prepare/action.yaml");

describe("workflows", () => {
  it("pass actionlint", function () {
    const actionlint = toolPath("actionlint");
    // A clone that only runs `npm test` has none; `.ci/run` builds it first.
    if (!existsSync(actionlint) && !process.env["CI"]) return this.skip();
    this.timeout(60_000);
    execFileSync(actionlint, ["-no-color", ...workflows], {
      cwd: root,
      stdio: "pipe",
    });
  });

  for (const file of [...workflows, prepare]) {
    const text = readFileSync(file, "utf8");

    it(`${file.slice(github.length + 1)} pins what it uses by commit, and names the version`, () => {
      const uses = [...text.matchAll(/uses: (.+)/g)].map(([, used]) => used);
      assert.ok(uses.length > 0);
      for (const used of uses) {
        assert.match(
          used ?? "",
          /^\.\/|^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+(\.\d+)+$/,
        );
      }
    });
  }

  for (const file of workflows) {
    const text = readFileSync(file, "utf8");

    it(`${file.slice(github.length + 1)} grants no more than it needs`, () => {
      const { permissions, on } = parse(text) as {
        permissions: Record<string, string>;
        on: Record<string, unknown>;
      };
      assert.ok(!Object.values(permissions).includes("write"));
      assert.ok(!("pull_request_target" in on));
      const jobs = Object.values(
        (parse(text) as { jobs: Record<string, { permissions?: object }> })
          .jobs,
      );
      for (const { permissions: own = {} } of jobs) {
        // What runs a change's code may ask for an identity, and write nothing.
        const granted = JSON.stringify(own);
        assert.ok(!/"contents":"write"/.test(granted));
        assert.ok(!(/id-token/.test(granted) && /pull-requests/.test(granted)));
      }
    });
  }

  it("install the project's own versions", () => {
    const text = readFileSync(prepare, "utf8");
    const { dependencies } = JSON.parse(
      readFileSync(join(root, "package.json"), "utf8"),
    ) as { dependencies: Record<string, string> };
    assert.match(
      text,
      new RegExp(`pulumi-version: ${dependencies["@pulumi/pulumi"] ?? ""}\\n`),
    );
    assert.match(
      text,
      new RegExp(`version: v${toolVersion(findTool("helm"))}\\n`),
    );
  });

  it("hold a pull request to the rules of its base, without a passphrase", () => {
    const text = readFileSync(join(github, "workflows/preview.yaml"), "utf8");
    assert.doesNotMatch(text, /PASSPHRASE/);
    const { preview } = (
      parse(text) as {
        jobs: Record<
          string,
          { steps: { uses?: string; run?: string; with?: object }[] }
        >;
      }
    ).jobs;
    const steps = preview?.steps ?? [];
    const base = steps.findIndex(
      (step) =>
        step.uses?.startsWith("actions/checkout@") &&
        JSON.stringify(step.with).includes("pull_request.base.sha"),
    );
    const packs = steps.flatMap(({ run = "" }, index) =>
      [...run.matchAll(/--policy-pack (\S+)/g)].map(
        ([, folder]) => [index, folder] as const,
      ),
    );
    assert.ok(base >= 0);
    assert.deepEqual(
      packs.map(([, folder]) => folder),
      ['"$RUNNER_TEMP/base/stacks/policy"'],
    );
    assert.ok((packs[0]?.[0] ?? 0) > base);
    // The command is not the pull request's own, which could leave out the rules.
    assert.doesNotMatch(text, /run\.mjs pulumi/);
  });

  it("find a comment by the mark that the preview writes", () => {
    const text = readFileSync(join(github, "workflows/preview.yaml"), "utf8");
    const [start = ""] = commentMarker("X").split("X");
    assert.ok(text.includes(`startswith("${start}")`));
  });
});
