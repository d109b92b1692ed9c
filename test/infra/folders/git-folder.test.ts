import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readDataSet } from "../../../workloads/features/read-data-set";
import { readWorkload } from "../../../workloads/declaration/read-workload";
import {
  fetchGitFolder,
  gitFolder,
  GitError,
  type GitFolder,
} from "../../../infra/folders/git-folder";
import { ownWorkloadSchema } from "../../../workloads/schema/workload";
import { configProblems } from "../../support/config-problems";
import { startCommand } from "../../support/project-command";

const declaration = `apiVersion: mlstack.dev/v1
steps:
  score:
    kind: job
    image: { base: python, code: jobs }
    command: [python3, score.py]
`;

describe("a workload in a git repository", () => {
  const root = mkdtempSync(join(tmpdir(), "mlstack-git-"));
  const work = join(root, "work");
  const url = `file://${root}/bare.git`;
  const cache = process.env["XDG_CACHE_HOME"];
  let first: string;

  const git = (folder: string, ...args: string[]): string =>
    execFileSync(
      "git",
      [
        ...[
          "-c",
          "user.name=Somebody",
          "-c",
          "user.email=somebody@example.com",
        ],
        ...args,
      ],
      { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
    ).trim();
  const commit = (message: string): string => {
    git(work, "add", "--all");
    git(work, "commit", "--quiet", `--message=${message}`);
    git(work, "push", "--quiet", url, "HEAD:refs/heads/main");
    return git(work, "rev-parse", "HEAD");
  };
  const problemsOf = (path: string) =>
    configProblems({
      target: { kind: "local" },
      workloads: { fraud: { path } },
    });

  before(() => {
    process.env["XDG_CACHE_HOME"] = join(root, "cache");
    mkdirSync(join(work, "teams/fraud/jobs"), { recursive: true });
    git(work, "init", "--quiet");
    git(root, "init", "--quiet", "--bare", "bare.git");
    writeFileSync(join(work, "teams/fraud/workload.yaml"), declaration);
    writeFileSync(join(work, "teams/fraud/jobs/score.py"), "print(1)\n");
    symlinkSync("/etc/passwd", join(work, "teams/fraud/jobs/users"));
    mkdirSync(join(work, "teams/trips"));
    cpSync("workloads/flights", join(work, "teams/trips"), { recursive: true });
    first = commit("one");
    writeFileSync(join(work, "teams/fraud/jobs/score.py"), "print(2)\n");
    commit("two");
  });

  after(() => {
    if (cache === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = cache;
    rmSync(root, { recursive: true });
  });

  const place = (): GitFolder => ({
    url,
    commit: first,
    folder: "teams/fraud",
  });
  const script = () =>
    readFileSync(join(fetchGitFolder(place()), "jobs/score.py"), "utf8");

  it("is read as it was at its commit, whatever has come since", () => {
    const path = `git+${url}#${first}:teams/fraud`;
    assert.deepEqual(problemsOf(path), []);
    const own = ownWorkloadSchema.parse({ path });
    const { folder, workload } = readWorkload("fraud", own);
    assert.deepEqual(Object.keys(workload?.steps ?? {}), ["score"]);
    assert.equal(
      readFileSync(join(folder, "jobs/score.py"), "utf8"),
      "print(1)\n",
    );
  });

  it("may hold a data set", () => {
    const read = (path: string) =>
      readDataSet({ name: "trips", path, place: "streams.trips" });
    const { folder, dataSet, problems } = read(
      `git+${url}#${first}:teams/trips`,
    );
    assert.deepEqual(problems, []);
    assert.equal(dataSet?.contract.name, "flights_events");
    assert.ok(existsSync(join(folder, "data-set.yaml")));
    const [branch] = read(`git+${url}#main:teams/trips`).problems;
    assert.equal(branch?.path, "streams.trips.path");
    assert.match(branch.remedy, /write all 40 digits, as `git ls-remote/);
  });

  it("is refused to `run` by a branch, before anything changes", async () => {
    const { code, output } = await startCommand("run", [`git+${url}#main`]).end;
    assert.equal(code, 1);
    assert.match(output, /run: "git\+file:.*#main": a branch or a tag/);
  });

  it("follows no link out of it", () =>
    assert.equal(
      readFileSync(join(fetchGitFolder(place()), "jobs/users"), "utf8"),
      "/etc/passwd",
    ));

  it("is fetched once, and again where somebody has changed it", () => {
    const folder = fetchGitFolder(place());
    const away = join(root, "away.git");
    execFileSync("mv", [join(root, "bare.git"), away]);
    assert.equal(fetchGitFolder(place()), folder);
    appendFileSync(join(folder, "jobs/score.py"), "print('forged')\n");
    assert.throws(script, GitError);
    execFileSync("mv", [away, join(root, "bare.git")]);
    assert.equal(script(), "print(1)\n");
    writeFileSync(join(folder, "jobs/more.py"), "");
    assert.ok(!existsSync(join(fetchGitFolder(place()), "jobs/more.py")));
  });

  it("comes from a server that gives branches alone", () => {
    // The first version of git's protocol; a later one gives any commit.
    const old = {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "protocol.version",
      GIT_CONFIG_VALUE_0: "0",
    };
    Object.assign(process.env, old);
    try {
      rmSync(join(root, "cache"), { recursive: true });
      assert.equal(script(), "print(1)\n");
    } finally {
      for (const name of Object.keys(old)) delete process.env[name];
    }
  });

  it("is refused by a branch, a tag, a part of a commit or none, with the remedy", () => {
    const again =
      "a branch or a tag may be another commit tomorrow, and a part of a name two";
    for (const [name, why] of [
      ["main", again],
      [first.slice(0, 12), again],
      ["", "name a commit"],
    ] as const) {
      const path = `git+${url}#${name}`;
      assert.deepEqual(problemsOf(path), [
        `workloads.fraud.path: ${JSON.stringify(path)}: ${why}: write all 40 digits, as \`git ls-remote ${url}${name === "" ? "" : ` ${name}`}\` tells them`,
      ]);
    }
  });

  it("is refused where it is no URL that is taken", () => {
    for (const text of [
      `git+${url}`,
      `git+http://example.com/x#${first}`,
      `git+ext::sh -c date#${first}`,
      `git+--upload-pack=date#${first}`,
    ])
      assert.match(
        (gitFolder(text) as { fault: string }).fault,
        /^write git\+https:/,
        text,
      );
    assert.match(
      (gitFolder(`git+${url}#${first}:../other`) as { fault: string }).fault,
      /leaves the repository/,
    );
  });

  it("is refused in git's words where it cannot be had", () => {
    const absent = "0".repeat(40);
    const line = (path: string) => problemsOf(path).join("\n");
    assert.match(
      line(`git+${url}#${absent}`),
      /^workloads\.fraud\.path: "git\+file:.*": it cannot be had from there: /,
    );
    assert.match(
      line(`git+file://${root}/none.git#${first}`),
      /it cannot be had from there: .*none\.git' does not (exist|appear to be a git repository)/,
    );
    assert.match(
      line(`git+${url}#${first}:teams/churn`),
      /it cannot be had from there: the commit has no folder teams\/churn$/,
    );
  });
});
