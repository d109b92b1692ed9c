import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { prepare } from "../../airgap";
import { toolPath } from "../../airgap/toolchain/tools";
import type { Host, SshClusterInputs } from "../../infra/onprem/hosts";
import { Remote } from "../../infra/onprem/ssh";
import { gpuTaint, poolLabel } from "../../infra/placement";
import { sshCluster } from "../../infra/provider/ssh-cluster";
import { eventually } from "../support/eventually";
import { foundation } from "../support/foundation";
import { ensureKubeadmImages } from "../support/kubeadm-images";
import {
  hostConfiguration,
  hostTraces,
  makeHosts,
  type TestHosts,
} from "../support/ssh-hosts";

type Outs = Awaited<ReturnType<typeof sshCluster.create>>["outs"];

const context = {
  urn: "urn:pulumi:test::mlstack::mlstack:index:SshCluster::onprem",
  signal: new AbortController().signal,
  log: (message: string) => {
    if (process.env["VERBOSE"]) console.log(message);
  },
};

/** The hosts are namespaces of this machine: needs root, and the Debian mirror, for an SSH server. */
describe("hosts over SSH", function () {
  let machines: TestHosts;
  let outs: Outs;
  let unused: string;
  const folder = mkdtempSync(join(tmpdir(), "mlstack-onprem-"));

  function host(name: string, changes: Partial<Host> = {}): Host {
    const machine = machines.hosts.find((each) => each.name === name);
    return {
      name,
      address: machine?.address ?? unused,
      port: 22,
      user: "root",
      key: machines.key,
      role: "worker",
      labels: { [poolLabel]: "cpu" },
      taints: [],
      ...changes,
    };
  }

  function inputs(
    hosts: readonly Host[],
    changes: Partial<SshClusterInputs> = {},
  ): SshClusterInputs {
    return sshCluster.schema.parse({
      name: "onprem",
      version: "1.35.4",
      endpoint: `${hosts[0]?.address}:6443`,
      pods: "10.245.0.0/16",
      services: "10.97.0.0/16",
      hosts,
      ...hostConfiguration,
      ...changes,
    });
  }

  const control = (changes: Partial<Host> = {}) =>
    host("control", { role: "control-plane", ...changes });
  const accelerated = () =>
    host("two", { labels: { [poolLabel]: "gpu" }, taints: [gpuTaint] });

  async function update(news: SshClusterInputs): Promise<void> {
    assert.ok(sshCluster.update);
    ({ outs } = await sshCluster.update("onprem", outs, news, context));
  }

  async function on(name: string, script: string): Promise<string> {
    const remote = await Remote.connect(host(name));
    return remote.run(script).finally(() => remote.close());
  }

  function kubectl(...args: readonly string[]): string {
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(kubeconfig, outs.kubeconfig, { mode: 0o600 });
    return execFileSync(
      toolPath("kubectl"),
      [`--kubeconfig=${kubeconfig}`, ...args],
      { encoding: "utf8" },
    );
  }

  before(async () => {
    assert.equal(process.getuid?.(), 0, "needs root");
    await prepare();
    await ensureKubeadmImages();
    machines = await makeHosts(["control", "one", "two"]);
    unused = machines.unused;
  });

  after(async () => {
    await machines?.remove();
    rmSync(folder, { recursive: true });
  });

  foundation(this, /^become a cluster/);

  it("that are unfit are all named, and none is changed", async () => {
    const wrong = inputs([control(), host("one")], { version: "1.35.5" });
    await assert.rejects(sshCluster.create(wrong, context), (error: Error) => {
      for (const name of ["control", "one"]) {
        assert.match(
          error.message,
          new RegExp(
            `hosts\\.${name}\\.kubelet: "1\\.35\\.4": install 1\\.35\\.5`,
          ),
        );
      }
      return true;
    });
    for (const name of ["control", "one"])
      assert.equal(await on(name, hostTraces), "");
  });

  it("that do not answer, or show another key, are named", async () => {
    const stranger = host("one", { fingerprint: "SHA256:another" });
    const wrong = inputs([control(), stranger, host("nobody", { port: 1 })]);
    await assert.rejects(
      sshCluster.create(wrong, context),
      /one .*shows the key SHA256:.* and not SHA256:another[^]*nobody .*: does not answer/,
    );
    assert.equal(await on("control", hostTraces), "");
  });

  it("become a cluster", async () => {
    const created = await sshCluster.create(
      inputs([control(), host("one")]),
      context,
    );
    ({ outs } = created);
    assert.equal(created.id, "onprem");
    assert.match(outs.fingerprints["one"] ?? "", /^SHA256:/);
    const nodes = kubectl(
      "get",
      "nodes",
      "--output=name",
      `--selector=${poolLabel}=cpu`,
    );
    assert.deepEqual(nodes.trim().split("\n"), ["node/control", "node/one"]);
  });

  it("run workloads that reach each other across hosts, by name", () => {
    const file = join(folder, "workload.yaml");
    writeFileSync(file, workload("control", "one"));
    kubectl("apply", "--filename", file);
    kubectl("wait", "--for=condition=Complete", "--timeout=180s", "job/asks");
    assert.match(kubectl("logs", "job/asks"), /^served by control/m);
    kubectl("delete", "--filename", file, "--wait=true");
  });

  it("come and go in place", async () => {
    const news = inputs([control(), accelerated()]);
    const { hosts: olds } = outs;
    assert.deepEqual(
      await sshCluster.diff?.("onprem", outs, { ...outs, hosts: olds }, news),
      { update: ["hosts", "version"] },
    );
    await update(news);
    assert.equal(
      kubectl("get", "nodes", "--output=jsonpath={.items[*].metadata.name}"),
      "control two",
    );
    // Kubernetes' own taint of a node that is not ready goes a while after the node is.
    await eventually(
      async () =>
        kubectl(
          ...["get", "node", "two", "--output=jsonpath={.spec.taints[*].key}"],
        ) === gpuTaint.key,
    );
    assert.equal(await on("one", hostTraces), "");
  });

  it("stay as they are when nothing changes", async () => {
    const before = kubectl("get", "pods", "--all-namespaces", "--output=name");
    await update(inputs([control(), accelerated()]));
    const after = kubectl("get", "pods", "--all-namespaces", "--output=name");
    assert.equal(after, before);
    const found = await sshCluster.read?.("onprem", outs, context);
    assert.equal(found?.outs.kubeconfig, outs.kubeconfig);
  });

  it("are forgotten when they have died", async () => {
    machines.cut("two");
    await update(inputs([control(), host("one")]));
    assert.equal(
      kubectl("get", "nodes", "--output=jsonpath={.items[*].metadata.name}"),
      "control one",
    );
  });

  it("of another stack are left alone", async () => {
    const stranger = { ...context, urn: `${context.urn}-of-another` };
    await assert.rejects(
      sshCluster.create(inputs([control(), host("one")]), stranger),
      /hosts\.control\.cluster: .*belongs to another stack/,
    );
    await sshCluster.delete?.("onprem", outs, stranger);
    assert.match(kubectl("get", "nodes", "--output=name"), /node\/one/);
  });

  it("are as they were, in the end", async () => {
    await sshCluster.delete?.("onprem", outs, context);
    for (const name of ["control", "one"])
      assert.equal(await on(name, hostTraces), "");
    assert.equal(await sshCluster.read?.("onprem", outs, context), undefined);
  });
});

/** A server on one node, and a client on another that asks it by the name of its service. */
function workload(server: string, client: string): string {
  const image = "docker.io/library/busybox:1.37.0";
  const labels = { app: "web" };
  const serve =
    'echo "served by $NODE" >/tmp/index.html; exec httpd -f -p 8080 -h /tmp';
  const node = {
    name: "NODE",
    valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } },
  };
  const web = { name: "web", image, command: ["sh", "-c", serve], env: [node] };
  const ask =
    "until wget -qO- http://web.default.svc.cluster.local; do sleep 0.5; done";
  const asks = { name: "asks", image, command: ["sh", "-c", ask] };
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web", labels },
      spec: {
        nodeName: server,
        terminationGracePeriodSeconds: 0,
        containers: [web],
      },
    },
    {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "asks" },
      spec: {
        template: {
          spec: {
            nodeName: client,
            restartPolicy: "Never",
            containers: [asks],
          },
        },
      },
    },
  ]
    .map((object) => JSON.stringify(object))
    .join("\n---\n");
}
