import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { deleteCluster, readCluster } from "../../infra/local/lifecycle";
import { findCluster } from "../../infra/local/record";
import { remainsOf } from "../../infra/local/remains";
import { runningUnits } from "../../infra/local/unit";
import {
  isAlive,
  machineStateFolder,
} from "../../stacks/commands/engine/machine-state";
import type { Report } from "../../stacks/commands/report/report";
import { foundation } from "../support/foundation";
import { Kubectl } from "../support/kubectl";
import { clusterLayout, TestStack } from "../support/test-stack";

const name = "cluster-test";
const place = {
  subnet: "10.93.0.0/24",
  podCidr: "10.249.0.0/16",
  serviceCidr: "10.100.0.0/16",
};
const layout = clusterLayout(name, place);
const sessions = 3605;

interface Application {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
  };
  readonly spec: {
    arguments: string[];
    readonly driver: { readonly memory: string };
  };
  readonly status?: {
    readonly applicationState?: {
      readonly state: string;
      readonly errorMessage?: string;
    };
    readonly executionAttempts?: number;
    readonly driverInfo?: { readonly podName?: string };
  };
}

interface JobResult {
  readonly rows: number;
  readonly operation?: string;
  readonly inserts?: number;
  readonly updates?: number;
  readonly instant: string;
  readonly metrics?: { readonly auc: number };
}

/** Whether a run that is alive holds the stack's lock; a killed one leaves its file behind. */
function locked(): boolean {
  const folder = join(
    machineStateFolder(),
    ".pulumi/locks/organization/mlstack",
    name,
  );
  if (!existsSync(folder)) return false;
  return readdirSync(folder).some((file) => {
    const { pid } = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
      pid: number;
    };
    return isAlive(pid);
  });
}

/** A plugin is in a process group of its own, and would go on for a while by itself. */
function killWithPlugins(pid: number): void {
  const all = execFileSync("ps", ["-e", "-o", "pid=,ppid=,args="], {
    encoding: "utf8",
  })
    .trim()
    .split("\n")
    .map((line) => /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? [])
    .map(([, own, parent, args = ""]) => ({
      ...{ own: Number(own), parent: Number(parent), args },
    }));
  const programs = /^(\S*\/)?(pulumi\S*|npm|node|sh -c) /;
  const below = (parent: number): number[] =>
    all
      // Not the machines of the cluster, which outlive the run that has made them.
      .filter((each) => each.parent === parent && programs.test(each.args))
      .flatMap(({ own }) => [own, ...below(own)]);
  for (const own of [pid, ...below(pid)]) {
    try {
      process.kill(own, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** The local stack for real, from nothing to nothing: needs root, and the toolchain built. */
describe("local stack", function () {
  let stack: TestStack;
  let report: Report;
  let kubectl: Kubectl;

  before(() => {
    stack = new TestStack(name, { target: { kind: "local", ...place } });
  });

  after(() => stack.end());

  foundation(this, /^comes up/);

  const read = (name: string): Application =>
    kubectl.get<Application>("sparkapplication", name, "-n", "ml");

  /** Runs a job of the stack again under another name, with its arguments changed. */
  async function runAgain(
    job: string,
    name: string,
    change: (args: readonly string[]) => string[] = (args) => [...args],
    whileRunning: (application: Application) => boolean = () => true,
  ): Promise<{ application: Application; result: JobResult }> {
    const { spec } = read(job);
    kubectl.apply({
      apiVersion: "sparkoperator.k8s.io/v1beta2",
      kind: "SparkApplication",
      metadata: { name, namespace: "ml" },
      spec: { ...spec, arguments: change(spec.arguments) },
    });
    let disturbed = false;
    for (;;) {
      const application = read(name);
      const state = application.status?.applicationState;
      if (state?.state === "COMPLETED") {
        const pod = application.status?.driverInfo?.podName ?? "";
        const { status } = await kubectl.get<{
          status: {
            containerStatuses: {
              state: { terminated?: { message?: string } };
            }[];
          };
        }>("pod", pod, "-n", "ml");
        const message =
          status.containerStatuses[0]?.state.terminated?.message ?? "{}";
        return { application, result: JSON.parse(message) as JobResult };
      }
      assert.notEqual(state?.state, "FAILED", state?.errorMessage);
      if (state?.state === "RUNNING" && !disturbed) {
        disturbed = whileRunning(application);
      }
      await pause(1_000);
    }
  }

  /**
   * Kills an `up`, with the engine and its plugins, while Helm installs a chart.
   *
   * @returns what it printed
   */
  async function killUp(): Promise<string> {
    const { child, end } = stack.start("up");
    assert.ok(child.pid);
    let releases: readonly string[] = [];
    while (releases.length === 0 && child.exitCode === null) {
      await pause(200);
      releases = await pendingReleases().catch(() => []);
    }
    killWithPlugins(child.pid);
    return (await end).output;
  }

  async function pendingReleases(): Promise<string[]> {
    const found = await findCluster(layout);
    assert.ok(found.kind === "complete");
    const cluster = await readCluster(layout.place, found.id);
    const file = join(stack.checkout, "kubeconfig");
    writeFileSync(file, cluster?.kubeconfig ?? "", { mode: 0o600 });
    const names = new Kubectl(file).run([
      ...["get", "secrets", "--all-namespaces", "--output"],
      "jsonpath={.items[*].metadata.labels.name}",
      "--selector=owner=helm,status=pending-install",
    ]);
    return names.split(" ").filter(Boolean);
  }

  let interrupted: string[];

  it("is killed in the middle of a Helm release", async () => {
    await killUp();
    interrupted = await pendingReleases();
    assert.notDeepEqual(interrupted, []);
  });

  it("comes up with both jobs completed, and lets no second run in meanwhile", async () => {
    const first = stack.start("up");
    while (!locked() && first.child.exitCode === null) await pause(200);
    const second = await stack.start("up").end;
    assert.equal(second.code, 1);
    // The engine's own words where it took the lock between our look and our start.
    assert.match(
      second.output,
      /busy: another run \(process \d+\)|currently locked by 1 lock/,
    );

    const { code, output } = await first.end;
    assert.equal(code, 0, output.slice(-4000));
    for (const release of interrupted) {
      assert.match(
        output,
        new RegExp(
          `release \\S+/${release}: an earlier run was killed while it was installed`,
        ),
      );
    }
    assert.deepEqual(await pendingReleases(), []);
    report = stack.report();
    kubectl = stack.kubectl();
    assert.deepEqual(
      report.workloads.map(({ name, state, rows }) => [name, state, rows]),
      [
        ["clickstream-features", "COMPLETED", sessions],
        ["clickstream-training", "COMPLETED", sessions],
      ],
    );
    const auc = report.workloads[1]?.metrics["auc"] ?? 0;
    assert.ok(auc > 0.8 && auc < 1, `AUC ${auc}`);
  });

  it("has nothing to change at a second look", async () => {
    await stack.succeed("preview", "--expect-no-changes");
  });

  /** Jobs that a preview shows as run anew, sorted. */
  async function previewedRuns(of = stack): Promise<string[]> {
    const text = await of.succeed("preview");
    const lines = text.matchAll(/^ *\S+ +\S+ (\S+) (?:replace|create)\b/gm);
    const all = [...lines].map(([line, name = ""]) => ({ line, name }));
    const jobs = all
      .filter(({ line }) => line.includes(":SparkApplication "))
      .map(({ name }) => name);
    return [...new Set(jobs)].sort();
  }

  /** Jobs that the last `up` ran, sorted; the others are as an earlier one left them. */
  function ranJobs(of = stack): string[] {
    return of
      .report()
      .workloads.filter(
        ({ earlier, state }) => !earlier && state === "COMPLETED",
      )
      .map(({ name }) => name)
      .sort();
  }

  const driverMemory = (job: string) =>
    [
      ...["workloads", "clickstream", "steps", job],
      ...["size", "driver", "memory"],
    ] as const;

  it("runs a job anew whose size changes, and no other, from a second checkout too", async () => {
    const before = {
      units: await runningUnits(layout),
      features: read("clickstream-features").metadata.uid,
      training: read("clickstream-training").metadata.uid,
    };
    const second = stack.inSecondCheckout();
    try {
      second.set(driverMemory("training"), "1200m");
      assert.deepEqual(await previewedRuns(second), ["clickstream-training"]);
      await second.succeed("up");
      assert.deepEqual(ranJobs(second), ["clickstream-training"]);
    } finally {
      second.leave();
    }
    assert.deepEqual(await runningUnits(layout), before.units);
    const { metadata, spec } = read("clickstream-training");
    assert.notEqual(metadata.uid, before.training);
    assert.equal(spec.driver.memory, "1200m");
    assert.equal(read("clickstream-features").metadata.uid, before.features);
    // The first checkout goes on: with the same file, there is nothing to do.
    assert.match(await stack.succeed("status"), /clickstream-training +\S+/);
    stack.set(driverMemory("training"), "1200m");
    await stack.succeed("preview", "--expect-no-changes");
  });

  it("is refused to another stack, by its name", async () => {
    const target = { kind: "local", ...place, name };
    const other = new TestStack("cluster-other", { target });
    const before = await runningUnits(layout);
    try {
      const { code, output } = await other.start("up").end;
      assert.equal(code, 1, output.slice(-4000));
      assert.match(
        output,
        /target\.name: "cluster-test": .* is a whole cluster that this state does not know, made by urn:pulumi:cluster-test::/,
      );
    } finally {
      await other.end();
    }
    assert.deepEqual(await runningUnits(layout), before);
    assert.match(await stack.succeed("status"), /clickstream-training/);
  });

  it("runs anew whatever depends on a job that changes", async () => {
    const before = read("clickstream-training").metadata.uid;
    stack.set(driverMemory("features"), "1100m");
    const both = ["clickstream-features", "clickstream-training"];
    assert.deepEqual(await previewedRuns(), both);
    await stack.succeed("up");
    assert.notEqual(read("clickstream-training").metadata.uid, before);
    assert.deepEqual(ranJobs(), both);
    const auc = stack.report().workloads[1]?.metrics["auc"] ?? 0;
    assert.ok(auc > 0.8 && auc < 1, `AUC ${auc}`);
    await stack.succeed("preview", "--expect-no-changes");
  });

  it("runs every job anew of an image in which a line of code has changed", async () => {
    const file = join(stack.checkout, "workloads/clickstream/jobs/training.py");
    const both = ["clickstream-features", "clickstream-training"];
    appendFileSync(file, "\n# A line that changes nothing.\n");
    assert.deepEqual(await previewedRuns(), both);
    await stack.succeed("up");
    assert.deepEqual(ranJobs(), both);
    await stack.succeed("preview", "--expect-no-changes");
  });

  it("runs a job that has failed again when it is asked to, and says how", async () => {
    const quota = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "no-pods", namespace: "ml" },
      spec: { hard: { pods: "0" } },
    };
    kubectl.apply(quota);
    stack.set(driverMemory("training"), "1300m");
    const failed = await stack.start("up").end;
    assert.equal(failed.code, 1);
    assert.match(
      failed.output,
      /npm run up -- --stack cluster-test --rerun failed/,
    );
    assert.deepEqual(ranJobs(), []);
    kubectl.run(["delete", "resourcequota", "no-pods", "-n", "ml"]);
    await stack.succeed("up", "--rerun", "failed");
    assert.deepEqual(ranJobs(), ["clickstream-training"]);
    assert.equal(read("clickstream-training").spec.driver.memory, "1300m");
    await stack.succeed("up", "--rerun", "clickstream-features");
    assert.deepEqual(ranJobs(), [
      "clickstream-features",
      "clickstream-training",
    ]);
    report = stack.report();
    await stack.succeed("preview", "--expect-no-changes");
  });

  it("keeps access to itself for its owner alone", () => {
    assert.equal(
      statSync(join(stack.folder, "kubeconfig")).mode & 0o777,
      0o600,
    );
  });

  it("leaves no kubeconfig among the machine's temporary files", () => {
    const [, server = "none"] =
      /server: (\S+)/.exec(
        readFileSync(join(stack.folder, "kubeconfig"), "utf8"),
      ) ?? [];
    assert.match(server, /^https:/);
    const left = readdirSync(tmpdir(), { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^kubeconfig\d/.test(entry.name))
      .map(({ name }) => join(tmpdir(), name))
      .filter((file) => readFileSync(file, "utf8").includes(server));
    assert.deepEqual(left, []);
  });

  it("updates rows instead of doubling them", async () => {
    const { result } = await runAgain("clickstream-features", "features-again");
    assert.equal(result.operation, "upsert");
    assert.equal(result.rows, sessions);
    assert.equal(result.inserts, 0);
  });

  it("trains on the first instant to the same last digit after the upsert", async () => {
    const { spec } = read("clickstream-training");
    const instant = spec.arguments.find((text) => /^--instant=\d+$/.test(text));
    assert.ok(instant, "the training job names the commit that it reads");
    const { result } = await runAgain(
      "clickstream-training",
      "training-again",
      (args) => [...args, "--run=again"],
    );
    assert.equal(`--instant=${result.instant}`, instant);
    assert.equal(result.metrics?.auc, report.workloads[1]?.metrics["auc"]);
  });

  it("starts a killed driver again, and the table has each key once", async () => {
    const { application, result } = await runAgain(
      "clickstream-features",
      "features-killed",
      undefined,
      ({ status }) => {
        const pod = status?.driverInfo?.podName;
        if (pod === undefined) return false;
        kubectl.run([
          ...["delete", "pod", pod, "-n", "ml"],
          ...["--grace-period=0", "--force"],
        ]);
        return true;
      },
    );
    assert.ok((application.status?.executionAttempts ?? 0) > 1);
    assert.equal(result.rows, sessions);
    assert.equal(result.inserts, 0);
  });

  it("keeps a team's keys from another's buckets", async () => {
    // The training account reads features; writing them is not among its grants.
    const { spec } = read("clickstream-features");
    const training = read("clickstream-training");
    const name = "features-without-grant";
    kubectl.apply({
      apiVersion: "sparkoperator.k8s.io/v1beta2",
      kind: "SparkApplication",
      metadata: { name, namespace: "ml" },
      spec: {
        ...training.spec,
        mainApplicationFile: Reflect.get(spec, "mainApplicationFile"),
        arguments: spec.arguments,
        restartPolicy: { type: "Never" },
      },
    });
    for (;;) {
      const state = read(name).status?.applicationState?.state;
      assert.notEqual(state, "COMPLETED");
      if (state === "FAILED") break;
      await pause(1_000);
    }
    const log = kubectl.run(["logs", `${name}-driver`, "-n", "ml"]);
    assert.match(log, /Forbidden|AccessDenied|403/);
  });

  it("is made anew where its cluster was lost", async () => {
    const found = await findCluster(layout);
    assert.ok(found.kind === "complete");
    await deleteCluster(layout.place, found.id, { log: () => undefined });
    assert.match(await killUp(), /is gone, and its cluster with it/);
    assert.ok(existsSync(layout.state));
  });

  it("goes down and leaves nothing", async () => {
    assert.notDeepEqual(await remainsOf(layout), []);
    await stack.succeed("down");
    assert.deepEqual(await remainsOf(layout), []);
    assert.ok(!existsSync(join(stack.folder, "report.json")));
  });
});
