import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { pluginOf, targetKinds } from "../../infra";

const root = join(__dirname, "../..");

/** Files that name a target although they are not its own, and why. */
const exceptions: readonly {
  readonly files: RegExp;
  readonly reason: string;
}[] = [
  {
    files: /^infra\/provider\/(local|ssh)-cluster\.ts$/,
    reason:
      "the project's own provider carries out what the targets without a provider declare",
  },
  {
    files: /^infra\/provider\/(node-group-size|adls-access)\.ts$/,
    reason:
      "the project's own provider does what a cloud's cannot: bounds without a number of nodes, waiting for roles",
  },
  {
    files: /^stacks\/commands\/(doctor|stack-file\/stack-file)\.ts$/,
    reason:
      "the cluster on this machine is made of this machine's own programs",
  },
  {
    files:
      /^stacks\/(commands\/cost\/managed-comparison|cost\/managed(-page)?)\.ts$/,
    reason: "the page compares services that these clouds alone have",
  },
  {
    files: /^stacks\/commands\/cost\.ts$/,
    reason:
      "names stacks that have prices, of which some are called as plugins",
  },
];

/** Parts of a line that name a target: its kind, its folder, or its provider's package or types. */
function namesOf(kind: string): readonly RegExp[] {
  const plugin = pluginOf(kind);
  return [
    // `local` and `existing` are words of many other things.
    kind === "local" || kind === "existing"
      ? new RegExp(`\\bkind\\b.{0,20}"${kind}"`)
      : new RegExp(`"${kind}"|\\b${kind}:`),
    new RegExp(`"(\\.\\.?/)+(infra/)?${kind}[/"]`),
    ...(plugin
      ? [
          new RegExp(`"${plugin.npm}[/"]`),
          new RegExp(`["\\^/(|]${plugin.name}(:|\\b["|/)])`),
        ]
      : []),
  ];
}

const files = execFileSync(
  "git",
  ["ls-files", "infra", "stacks", "components", "workloads"],
  { cwd: root, encoding: "utf8" },
)
  .split("\n")
  .filter((file) => /\.(ts|mjs)$/.test(file))
  .filter(
    (file) =>
      file !== "infra/index.ts" &&
      !targetKinds.some((kind) => file.startsWith(`infra/${kind}/`)),
  );

/** Lines outside of a target's folder that name it; addresses of documents are no code. */
function strays(kind: string): string[] {
  const names = namesOf(kind);
  return files.flatMap((file) =>
    readFileSync(join(root, file), "utf8")
      .split("\n")
      .map((line) => line.replace(/https?:\/\/\S+/g, "").trim())
      .filter((line) => names.some((name) => name.test(line)))
      .map((line) => `${file}: ${line}`),
  );
}

describe("a target is one folder:", () => {
  const found = targetKinds.flatMap((kind) =>
    strays(kind).map((stray) => ({ kind, stray })),
  );

  for (const kind of targetKinds) {
    it(`no file outside of infra/${kind} and the registry names ${kind}`, () => {
      const unexplained = found
        .filter((one) => one.kind === kind)
        .map(({ stray }) => stray)
        .filter(
          (stray) => !exceptions.some((one) => one.files.test(fileOf(stray))),
        );
      assert.deepEqual(unexplained, []);
    });
  }

  it("and each exception is one", () => {
    const idle = exceptions.filter(
      ({ files: exempt }) =>
        !found.some(({ stray }) => exempt.test(fileOf(stray))),
    );
    assert.deepEqual(idle, []);
  });

  it("which the test finds where it is not kept", () => {
    const names = namesOf("eks");
    for (const line of [
      'import { eks } from "../../infra/eks";',
      'case "eks":',
      'eks: "aws",',
      'import * as s3 from "@pulumi/aws/s3";',
      '"aws:s3/bucket:Bucket": 1',
      "/^(aws|gcp):/",
    ]) {
      assert.ok(
        names.some((name) => name.test(line)),
        line,
      );
    }
  });
});

function fileOf(stray: string): string {
  return stray.slice(0, stray.indexOf(": "));
}
