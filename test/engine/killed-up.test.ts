import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { OFFLINE_TOOLS, resolvePulumi } from "../../infra/supply/pulumi";
import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { toolPath } from "../../infra/supply/toolchain/tools";
import { mendKilledRun } from "../../stacks/commands/killed-run";
import { type ControlPlane, startControlPlane } from "../support/control-plane";
import { eventually } from "../support/eventually";

const program = join(__dirname, "killed-up");
const folder = mkdtempSync(join(tmpdir(), "mlstack-killed-up-"));

/** A run that dies while an object waits to become ready, with the real engine, Kubernetes plugin and API server. */
describe("an up after a killed one in the engine", function () {
  this.timeout(15 * 60_000);

  let controlPlane: ControlPlane;
  let pulumi: { readonly command: string; readonly env: object };

  const kubectl = (...args: readonly string[]): string =>
    execFileSync(
      toolPath("kubectl"),
      ["--kubeconfig", controlPlane.kubeconfig, ...args],
      { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
    );

  function start(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): ChildProcess {
    return spawn(
      pulumi.command,
      [...args, "--stack", "test", "--non-interactive"],
      {
        cwd: program,
        // A group of its own, which can be killed as a whole.
        detached: true,
        env: {
          ...process.env,
          ...pulumi.env,
          KUBECONFIG: controlPlane.kubeconfig,
          PULUMI_BACKEND_URL: `file://${folder}`,
          PULUMI_CONFIG_PASSPHRASE: "",
          PULUMI_NODEJS_TRANSPILE_ONLY: "true",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          ...env,
        },
      },
    );
  }

  function run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    const child = start(args, env);
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    return new Promise((resolve) =>
      child.once("close", (code) => resolve({ code, output })),
    );
  }

  async function succeed(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const { code, output } = await run(args, env);
    assert.equal(code, 0, output.slice(-4000));
    return output;
  }

  const up = ["up", "--yes", "--skip-preview"];
  const labelled = { WAIT: "no", LABEL: "yes" };

  before(async () => {
    await ensureTools(
      [
        ...OFFLINE_TOOLS,
        ...["kubectl", "kubeadm", "etcd", "kube-apiserver"],
        "kube-controller-manager",
      ],
      terminalProgress,
    );
    pulumi = await resolvePulumi();
    controlPlane = await startControlPlane({ api: 16843, etcd: 12779 });
    await succeed(["stack", "init"]);
  });

  after(async () => {
    await controlPlane.stop();
    rmSync(folder, { recursive: true, force: true });
    rmSync(join(program, "Pulumi.test.yaml"), { force: true });
  });

  it("is in conflict with the object that the killed one has left", async () => {
    const killed = start(up, { LABEL: "yes" });
    const ended = new Promise((resolve) => killed.once("close", resolve));
    // `kubectl` throws as long as there is none.
    await eventually(async () => kubectl("get", "deployment", "web") !== "");
    assert.ok(killed.pid !== undefined);
    process.kill(-killed.pid, "SIGKILL");
    await ended;
    await succeed(["cancel", "--yes"]);
    const { code, output } = await run(up, labelled);
    assert.notEqual(code, 0);
    assert.match(output, /conflict with "pulumi-kubernetes-/);
  });

  it("takes the object over, and says so", async () => {
    const exported = await succeed(["stack", "export", "--show-secrets"]);
    assert.deepEqual(await mendKilledRun(exported), [
      "Deployment default/web: an earlier run was killed while it was created; this run takes it over",
    ]);
    await succeed(up, labelled);
    await succeed(["preview", "--expect-no-changes"], labelled);
  });

  it("takes a label away that the program no longer gives", async () => {
    const labels = [
      "get",
      "deployment",
      "web",
      "-o",
      "jsonpath={.metadata.labels}",
    ];
    assert.equal(kubectl(...labels), '{"app":"web"}');
    await succeed(up, { WAIT: "no" });
    assert.equal(kubectl(...labels), "");
  });

  it("finds nothing to take over any more", async () =>
    assert.deepEqual(
      await mendKilledRun(await succeed(["stack", "export", "--show-secrets"])),
      [],
    ));
});
