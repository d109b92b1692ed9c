import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { OFFLINE_TOOLS } from "../../infra/supply/pulumi";
import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { toolPath } from "../../infra/supply/toolchain/tools";
import { mendKilledRun } from "../../stacks/commands/state/killed-run";
import { type ControlPlane, startControlPlane } from "../support/control-plane";
import { EngineProgram } from "../support/engine-program";
import { eventually } from "../support/eventually";

/** A run that dies while an object waits to become ready, with the real engine, Kubernetes plugin and API server. */
describe("an up after a killed one in the engine", function () {
  this.timeout(15 * 60_000);

  let controlPlane: ControlPlane;
  let stack: EngineProgram;

  const kubectl = (...args: readonly string[]): string =>
    execFileSync(
      toolPath("kubectl"),
      ["--kubeconfig", controlPlane.kubeconfig, ...args],
      { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
    );

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
    controlPlane = await startControlPlane({ api: 16843, etcd: 12779 });
    stack = await EngineProgram.make(
      join(__dirname, "killed-up"),
      controlPlane.kubeconfig,
    );
  });

  after(async () => {
    await controlPlane.stop();
    stack.remove();
  });

  it("is in conflict with the object that the killed one has left", async () => {
    const killed = stack.start(up, { LABEL: "yes" });
    const ended = new Promise((resolve) => killed.once("close", resolve));
    // `kubectl` throws as long as there is none.
    await eventually(async () => kubectl("get", "deployment", "web") !== "");
    assert.ok(killed.pid !== undefined);
    process.kill(-killed.pid, "SIGKILL");
    await ended;
    await stack.succeed(["cancel", "--yes"]);
    const { code, output } = await stack.run(up, labelled);
    assert.notEqual(code, 0);
    assert.match(output, /conflict with "pulumi-kubernetes-/);
  });

  it("takes the object over, and says so", async () => {
    const exported = await stack.succeed(["stack", "export", "--show-secrets"]);
    assert.deepEqual(await mendKilledRun(exported), [
      "Deployment default/web: an earlier run was killed while it was created; this run takes it over",
    ]);
    await stack.succeed(up, labelled);
    await stack.succeed(["preview", "--expect-no-changes"], labelled);
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
    await stack.succeed(up, { WAIT: "no" });
    assert.equal(kubectl(...labels), "");
  });

  it("finds nothing to take over any more", async () =>
    assert.deepEqual(
      await mendKilledRun(
        await stack.succeed(["stack", "export", "--show-secrets"]),
      ),
      [],
    ));
});
