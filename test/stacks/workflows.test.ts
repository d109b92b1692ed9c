import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

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

/** A job, as far as the tests read it. */
interface Job {
  readonly needs?: unknown;
  readonly steps: readonly {
    readonly id?: string;
    readonly uses?: string;
    readonly run?: string;
    readonly with?: Readonly<Record<string, unknown>>;
  }[];
}

/** Runs the step that removes what would run code of a change before the rules judge it. */
function requireClean(script: string): void {
  const folder = mkdtempSync(join(tmpdir(), "mlstack-change-"));
  const write = (name: string, text: string) =>
    writeFileSync(join(folder, name), text);
  const lock = (resolved: string) =>
    write(
      "change/package-lock.json",
      JSON.stringify({ packages: { "node_modules/a": { resolved } } }),
    );
  const clean = () =>
    execFileSync("bash", ["-e", "-c", script], { cwd: folder, stdio: "pipe" });
  try {
    mkdirSync(join(folder, "change"));
    write(".npmrc", "ignore-scripts=true\n");
    write("Pulumi.yaml", "name: mlstack\n");
    write("change/.npmrc", "git=change/evil.sh\n");
    write("change/Pulumi.yaml", "plugins: { analyzers: [] }\n");
    lock("https://registry.example/a.tgz");
    clean();
    for (const name of [".npmrc", "Pulumi.yaml"])
      assert.equal(
        readFileSync(join(folder, "change", name), "utf8"),
        readFileSync(join(folder, name), "utf8"),
      );
    for (const address of [
      "git+ssh://git@github.com/a/a.git#1",
      "git+https://github.com/a/a.git#1",
      "file:a.tgz",
      "http://registry.example/a.tgz",
    ]) {
      lock(address);
      assert.throws(clean, /over https/, address);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

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
        // Jobs that run a change's code may request an identity token, but have no write permission.
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

  it("hold a pull request to the rules of its base, where nothing of it has run before, without a passphrase", () => {
    const text = readFileSync(join(github, "workflows/preview.yaml"), "utf8");
    assert.doesNotMatch(text, /PASSPHRASE/);
    const { jobs } = parse(text) as { jobs: Readonly<Record<string, Job>> };
    const withPack = Object.entries(jobs).filter(([, { steps }]) =>
      JSON.stringify(steps).includes("--policy-pack"),
    );
    assert.deepEqual(
      withPack.map(([name]) => name),
      ["policy"],
    );
    const { needs, steps } = jobs["policy"] ?? { steps: [] };
    // The job runs separately, so that it gets no files from jobs that run the change's own code.
    assert.equal(needs, "touched");
    const checkouts = steps.filter(({ uses }) =>
      uses?.startsWith("actions/checkout@"),
    );
    const base = "${{ github.event.pull_request.base.sha }}";
    assert.deepEqual(
      checkouts.map(({ with: { ref, path } = {} }) => ({ ref, path })),
      [
        { ref: base, path: undefined },
        { ref: undefined, path: "change" },
      ],
    );
    assert.equal(steps[0], checkouts[0]);
    // A local action is that of the workspace, which is the base's.
    assert.deepEqual(
      steps.flatMap(({ uses }) =>
        uses?.startsWith("actions/checkout@") ? [] : (uses ?? []),
      ),
      ["./.github/actions/prepare"],
    );
    const [clean = "", ...runs] = steps.flatMap(({ run }) => run?.trim() ?? []);
    requireClean(clean);
    for (const run of runs.slice(0, -1))
      assert.match(run, /^npm ci (--prefix change )?--ignore-scripts /);
    assert.match(
      runs.at(-1) ?? "",
      /^pulumi preview --cwd change .*--policy-pack "\$GITHUB_WORKSPACE\/stacks\/policy"/,
    );
    // The command is not the pull request's own, which could leave out the rules.
    assert.doesNotMatch(text, /run\.mjs pulumi/);
  });

  it("ask the base's code which stacks a pull request touches", () => {
    const text = readFileSync(join(github, "workflows/preview.yaml"), "utf8");
    const { jobs } = parse(text) as { jobs: Readonly<Record<string, Job>> };
    const steps = jobs["touched"]?.steps ?? [];
    const ask = steps.find(({ id }) => id === "touched")?.run ?? "";
    assert.equal(steps.filter(({ run }) => run !== undefined).length, 1);
    const script = ask.replace(/stacks=\$\(node [^]*/, "");
    const folder = mkdtempSync(join(tmpdir(), "mlstack-touched-"));
    try {
      const git = (...args: readonly string[]) =>
        execFileSync(
          "git",
          [
            ...["-c", "user.name=a", "-c", "user.email=a@example.com"],
            ...["-C", folder, ...args],
          ],
          { encoding: "utf8", stdio: "pipe" },
        ).trim();
      const write = (path: string, content: string) => {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
      };
      git("init", "--quiet");
      write("stacks/commands/run.mjs", "base");
      write("stacks/Pulumi.aws.yaml", "base");
      write("stacks/Pulumi.gone.yaml", "base");
      git("add", "--all");
      git("commit", "--quiet", "--message=base");
      const base = git("rev-parse", "HEAD");
      rmSync(join(folder, "stacks/Pulumi.gone.yaml"));
      write("stacks/commands/run.mjs", "change");
      write("stacks/commands/more.ts", "change");
      write("stacks/Pulumi.aws.yaml", "change");
      write("stacks/Pulumi.new.yaml", "change");
      git("add", "--all");
      git("commit", "--quiet", "--message=change");
      execFileSync("sh", ["-eu", "-c", script], {
        cwd: folder,
        env: { ...process.env, BASE: base },
        stdio: "pipe",
      });
      const read = (path: string) => readFileSync(join(folder, path), "utf8");
      assert.equal(read("stacks/commands/run.mjs"), "base");
      for (const gone of ["commands/more.ts", "Pulumi.gone.yaml"])
        assert.ok(!existsSync(join(folder, "stacks", gone)), gone);
      for (const stack of ["aws", "new"])
        assert.equal(read(`stacks/Pulumi.${stack}.yaml`), "change");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("find a comment by the mark that the preview writes", () => {
    const text = readFileSync(join(github, "workflows/preview.yaml"), "utf8");
    const [start = ""] = commentMarker("X").split("X");
    assert.ok(text.includes(`startswith("${start}")`));
  });
});
