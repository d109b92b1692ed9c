import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { OFFLINE_TOOLS } from "../../infra/supply/pulumi";
import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { toolPath } from "../../infra/supply/toolchain/tools";
import { type ControlPlane, startControlPlane } from "../support/control-plane";
import { EngineProgram } from "../support/engine-program";

const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: "sparkapplications.sparkoperator.k8s.io",
    // Groups of Kubernetes' own domain ask for it.
    annotations: { "api-approved.kubernetes.io": "unapproved, a test's" },
  },
  spec: {
    group: "sparkoperator.k8s.io",
    scope: "Namespaced",
    names: {
      kind: "SparkApplication",
      plural: "sparkapplications",
      singular: "sparkapplication",
    },
    versions: [
      {
        name: "v1beta2",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            "x-kubernetes-preserve-unknown-fields": true,
          },
        },
      },
    ],
  },
};

interface Application {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: {
    readonly arguments: readonly string[];
    readonly executor: { readonly memory: string };
  };
  readonly status?: object;
}

/** A job that changes, in the real engine with the real Kubernetes plugin and our own provider. */
describe("a changed job in the engine", function () {
  this.timeout(15 * 60_000);

  let controlPlane: ControlPlane;
  let stack: EngineProgram;
  let operator: NodeJS.Timeout;
  /** How runs end from now on. */
  let end = "COMPLETED";

  const kubectl = (args: readonly string[], input?: object): string =>
    execFileSync(
      toolPath("kubectl"),
      ["--kubeconfig", controlPlane.kubeconfig, ...args],
      {
        encoding: "utf8",
        input: input && JSON.stringify(input),
        stdio: ["pipe", "pipe", "pipe"],
      },
    );

  const applications = () =>
    (
      JSON.parse(kubectl(["get", "sparkapplications", "-o", "json"])) as {
        items: Application[];
      }
    ).items;

  /** The object of a job. */
  function job(name: string): Application {
    const found = applications().find(({ metadata }) => metadata.name === name);
    assert.ok(found, `no object ${name}`);
    return found;
  }

  /** Simulates operator and webhook: each run ends, and its spec loses an empty field and gets a default. */
  function operate(): void {
    for (const { metadata, status } of applications()) {
      if (status) continue;
      const patch = {
        spec: { hadoopConf: null, pythonVersion: "3" },
        status: {
          applicationState: { state: end, errorMessage: "made to fail" },
          terminationTime: new Date().toISOString(),
        },
      };
      kubectl([
        ...["patch", "sparkapplication", metadata.name, "--type=merge"],
        ...["--patch", JSON.stringify(patch)],
      ]);
    }
  }

  const succeed = (args: readonly string[], memory: string): Promise<string> =>
    stack.succeed(args, { MEMORY: memory });

  const up = (memory: string, ...args: string[]) =>
    succeed(["up", "--yes", "--skip-preview", ...args], memory);

  before(async () => {
    await ensureTools(
      [
        ...OFFLINE_TOOLS,
        ...["kubectl", "kubeadm", "etcd", "kube-apiserver"],
        "kube-controller-manager",
      ],
      terminalProgress,
    );
    controlPlane = await startControlPlane({ api: 16643, etcd: 12579 });
    kubectl(["apply", "-f", "-"], definition);
    kubectl([
      ...["wait", "--for=condition=Established", "--timeout=60s"],
      `crd/${definition.metadata.name}`,
    ]);
    operator = setInterval(operate, 500);
    stack = await EngineProgram.make(
      join(__dirname, "changed-job"),
      controlPlane.kubeconfig,
      { MEMORY: "1g" },
    );
  });

  after(async () => {
    clearInterval(operator);
    await controlPlane.stop();
    stack.remove();
  });

  it("is run, and not again for what a webhook wrote into it", async () => {
    await up("1g");
    assert.ok(!("hadoopConf" in job("first").spec));
    await succeed(["preview", "--expect-no-changes"], "1g");
    await succeed(["refresh", "--yes", "--skip-preview"], "1g");
    await succeed(["preview", "--expect-no-changes"], "1g");
  });

  it("runs anew with its new declaration, and what depends on its run as well", async () => {
    const before = { first: job("first"), second: job("second") };
    const preview = await succeed(["preview"], "2g");
    for (const name of ["first", "second"]) {
      assert.match(preview, new RegExp(`SparkApplication +${name} +replace`));
      assert.match(preview, new RegExp(`JobEnd +${name} +replace`));
    }
    await up("2g");
    const after = { first: job("first"), second: job("second") };
    assert.notEqual(after.first.metadata.uid, before.first.metadata.uid);
    assert.notEqual(after.second.metadata.uid, before.second.metadata.uid);
    assert.equal(after.first.spec.executor.memory, "2g");
    assert.deepEqual(after.second.spec.arguments, [
      `--run=default/first/${after.first.metadata.uid}`,
    ]);
    await succeed(["preview", "--expect-no-changes"], "2g");
  });

  it("that has failed is run again by a replacement, with what is declared by then", async () => {
    end = "FAILED";
    const failed = await stack.run(["up", "--yes", "--skip-preview"], {
      MEMORY: "3g",
    });
    assert.notEqual(failed.code, 0);
    assert.match(failed.output, /first ended as FAILED: made to fail/);
    end = "COMPLETED";
    const urn =
      "urn:pulumi:test::changed-job::kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication::first";
    await up("4g", "--replace", urn);
    assert.equal(job("first").spec.executor.memory, "4g");
    const { uid } = job("first").metadata;
    await up("4g", "--replace", urn);
    assert.notEqual(job("first").metadata.uid, uid);
    await succeed(["preview", "--expect-no-changes"], "4g");
  });
});
