import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { parse } from "yaml";

import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { toolPath } from "../../infra/supply/toolchain/tools";
import { startControlPlane, type ControlPlane } from "../support/control-plane";
import { recordStack } from "../support/stack-program";

const seconds = 3;
const driver = "clickstream-features";

/** Takes a table's Lease, says so, and keeps it for a time; the arguments: URL, account, its name, seconds. */
const holder = `
import ssl, sys, time
from pathlib import Path
from jobs.table_lock import ClusterLeases, Lease
url, account, name, work = sys.argv[1:5]
context = ssl.create_default_context(cafile=str(Path(account) / "ca.crt"))
with Lease(ClusterLeases(url, Path(account), context), "table-sessions", name, ${seconds}.0).held(60):
    print("held", time.time(), flush=True)
    time.sleep(float(work))
    print("done", time.time(), flush=True)
`;

/** A driver that writes, as far as the API server sees it. */
class Writer {
  readonly #process: ChildProcess;
  #out = "";
  #errors = "";

  constructor(url: string, account: string, name: string, work: number) {
    this.#process = spawn(
      "python3",
      ["-c", holder, url, account, name, String(work)],
      { env: { ...process.env, PYTHONPATH: resolve("workloads/clickstream") } },
    );
    this.#process.stdout?.on("data", (text) => (this.#out += String(text)));
    this.#process.stderr?.on("data", (text) => (this.#errors += String(text)));
  }

  /** Seconds since 1970 at which it said a word; waits for it. */
  async said(word: "held" | "done"): Promise<number> {
    for (;;) {
      const found = new RegExp(`^${word} (.+)$`, "m").exec(this.#out);
      if (found) return Number(found[1]);
      if (this.#process.exitCode !== null || this.#process.signalCode !== null)
        throw new Error(`it ended before it said ${word}: ${this.#errors}`);
      await new Promise((wake) => setTimeout(wake, 50));
    }
  }

  send(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Its exit code and what it complained of; null when a signal ended it. */
  async end(): Promise<{ code: number | null; errors: string }> {
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await new Promise((wake) => this.#process.once("exit", wake));
    return { code: this.#process.exitCode, errors: this.#errors };
  }
}

/** The Lease of a table, as jobs take it with the account of Spark's drivers, on a real API server. */
describe("the lease of a table", function () {
  this.timeout(120_000);
  let controlPlane: ControlPlane;
  const account = mkdtempSync(join(tmpdir(), "mlstack-lease-"));
  const port = 26_443;
  const url = `https://127.0.0.1:${port}/apis/coordination.k8s.io/v1/namespaces/ml/leases`;
  const writers: Writer[] = [];
  const writer = (name: string, work: number): Writer => {
    const made = new Writer(url, account, name, work);
    writers.push(made);
    return made;
  };

  const kubectl = (args: readonly string[], input?: unknown): string => {
    const { status, stdout, stderr } = spawnSync(
      toolPath("kubectl"),
      ["--kubeconfig", controlPlane.kubeconfig, ...args],
      { encoding: "utf8", input: input ? JSON.stringify(input) : undefined },
    );
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const holderNow = (): string =>
    kubectl([
      ...["get", "lease", "table-sessions", "-n", "ml"],
      ...["-o", "jsonpath={.spec.holderIdentity}"],
    ]);

  this.beforeAll(async function () {
    this.timeout(15 * 60_000);
    await ensureTools(
      ["etcd", "kube-apiserver", "kube-controller-manager", "kubeadm"],
      terminalProgress,
    );
    await ensureTools(["kubectl"], terminalProgress);
    controlPlane = await startControlPlane({ api: port, etcd: 26_379 });
    const { resources } = await recordStack("local");
    kubectl(["create", "namespace", "ml"]);
    const rights = resources.filter(
      ({ type, name }) =>
        /:(Role|RoleBinding|ServiceAccount)$/.test(type) &&
        [
          "ml-spark",
          "ml-clickstream-features",
          "ml-clickstream-features-spark",
        ].includes(name),
    );
    assert.equal(rights.length, 3, "role, account, and what binds them");
    for (const { inputs } of rights) {
      const { metadata } = inputs as { metadata: object };
      kubectl(["apply", "-f", "-"], {
        ...inputs,
        metadata: { ...metadata, namespace: "ml" },
      });
    }
    writeFileSync(
      join(account, "token"),
      kubectl(["create", "token", driver, "-n", "ml"]),
    );
    const { clusters } = parse(
      readFileSync(controlPlane.kubeconfig, "utf8"),
    ) as {
      clusters: [{ cluster: { "certificate-authority-data": string } }];
    };
    writeFileSync(
      join(account, "ca.crt"),
      Buffer.from(clusters[0].cluster["certificate-authority-data"], "base64"),
    );
  });

  after(async () => {
    for (const each of writers) {
      each.send("SIGKILL");
      await each.end();
    }
    await controlPlane?.stop();
    rmSync(account, { recursive: true, force: true });
  });

  it("is one writer's at a time", async () => {
    const all = ["a", "b", "c", "d"].map((name) => writer(name, 0.5));
    const spans = await Promise.all(
      all.map(async (each) => ({
        from: await each.said("held"),
        to: await each.said("done"),
      })),
    );
    spans.sort((one, other) => one.from - other.from);
    for (const [index, { to }] of spans.slice(0, -1).entries())
      assert.ok(to <= spans[index + 1]!.from, JSON.stringify(spans));
    for (const each of all) assert.equal((await each.end()).code, 0);
    assert.equal(holderNow(), "", "the last one has given it back");
  });

  it("stays with who renews it, and says since when it is held", async () => {
    const long = writer("long", 3 * seconds);
    await long.said("held");
    const first = kubectl([
      "get",
      "lease",
      "table-sessions",
      "-n",
      "ml",
      "-o",
      "jsonpath={.spec.acquireTime}",
    ]);
    const other = writer("other", 0);
    const ended = await long.said("done");
    assert.match(first, /^\d{4}-/);
    assert.ok((await other.said("held")) >= ended);
    assert.equal((await long.end()).code, 0);
    assert.equal((await other.end()).code, 0);
  });

  it("is taken over from one that was killed", async () => {
    const killed = writer("killed", 60);
    await killed.said("held");
    killed.send("SIGKILL");
    const start = Date.now() / 1000;
    const next = writer("next", 0);
    const waited = (await next.said("held")) - start;
    assert.ok(waited >= seconds - 1, `after ${waited} s`);
    assert.equal((await next.end()).code, 0);
  });

  it("ends one that stood still for longer than it lasts", async () => {
    const still = writer("still", 60);
    await still.said("held");
    still.send("SIGSTOP");
    const next = writer("next", 60);
    await next.said("held");
    still.send("SIGCONT");
    const { code, errors } = await still.end();
    assert.equal(code, 1);
    assert.match(errors, /the lease is lost/);
    assert.match(holderNow(), /^next\//);
  });

  it("asks for no more rights than a driver has", () => {
    const may = (verb: string, what: string): string =>
      spawnSync(
        toolPath("kubectl"),
        [
          ...["--kubeconfig", controlPlane.kubeconfig, "auth", "can-i", verb],
          ...[what, "-n", "ml", `--as=system:serviceaccount:ml:${driver}`],
        ],
        { encoding: "utf8" },
      ).stdout.trim();
    assert.equal(may("update", "leases"), "yes");
    assert.equal(may("delete", "leases"), "no");
    assert.equal(may("get", "secrets"), "no");
  });
});
