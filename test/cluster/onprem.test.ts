import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { prepare } from "../../infra/supply";
import { toolPath } from "../../infra/supply/toolchain/tools";
import { type Host, loginSchema } from "../../infra/onprem/hosts";
import { awaitEarlierRun, runToEnd } from "../../infra/onprem/lasting-run";
import { markFile } from "../../infra/onprem/mark";
import {
  auditFolder,
  encryptionFile,
} from "../../infra/onprem/api-server-files";
import { Remote } from "../../infra/onprem/ssh";
import { restartScript } from "../../infra/onprem/static-pods";
import { volumeFolder } from "../../infra/onprem/volumes";
import { gpuTaint, poolLabel } from "../../infra/pools/placement";
import { PartialFailure } from "../../infra/provider/resource";
import { sshCluster } from "../../infra/provider/ssh-cluster";
import { kubernetesPatch } from "../../infra/versions";
import { eventually } from "../support/eventually";
import { foundation } from "../support/foundation";
import {
  ensureKubeadmImages,
  ensureNextKubeadmImages,
} from "../support/kubeadm-images";
import { nextKubernetes, nextToolFile } from "../support/next-kubernetes";
import {
  hostConfiguration,
  hostTraces,
  makeHosts,
  type TestHosts,
} from "../support/ssh-hosts";

type Inputs = Parameters<typeof sshCluster.create>[0];
type Outs = Awaited<ReturnType<typeof sshCluster.create>>["outs"];

const context = {
  urn: "urn:pulumi:test::mlstack::mlstack:index:SshCluster::onprem",
  signal: new AbortController().signal,
  log: (message: string) => {
    if (process.env["VERBOSE"]) console.log(message);
  },
};

/** Whether what takes too long for CI runs too. */
const nightly = process.env["MLSTACK_NIGHTLY"] === "true";

const names = [
  "control-1",
  "control-2",
  "control-3",
  "control-4",
  "one",
  "two",
];

/** The hosts are namespaces of this machine: needs root, and the Debian mirror, for an SSH server. */
describe("hosts over SSH", function () {
  let machines: TestHosts;
  let id: string;
  let outs: Outs;
  const folder = mkdtempSync(join(tmpdir(), "mlstack-onprem-"));

  function host(name: string, changes: Partial<Host> = {}): Host {
    const machine = machines.hosts.find((each) => each.name === name);
    return {
      name,
      address: machine?.address ?? machines.unused,
      port: 22,
      user: "root",
      role: name.startsWith("control") ? "control-plane" : "worker",
      labels: { [poolLabel]: "cpu" },
      taints: [],
      ...changes,
    };
  }

  function inputs(
    hosts: readonly (string | Host)[],
    changes: Partial<Inputs> = {},
  ): Inputs {
    return sshCluster.schema.parse({
      name: "onprem",
      version: kubernetesPatch,
      endpoint: machines.endpoint,
      pods: "10.245.0.0/16",
      services: "10.97.0.0/16",
      hosts: hosts.map((each) =>
        typeof each === "string" ? host(each) : each,
      ),
      ssh: { key: machines.key },
      lifetime: "long",
      ...hostConfiguration,
      ...changes,
    });
  }

  /** The default shape: three control-plane hosts and a worker. */
  const shape = ["control-1", "control-2", "control-3", "one"];
  const accelerated = () =>
    host("one", { labels: { [poolLabel]: "gpu" }, taints: [gpuTaint] });

  async function diff(news: Inputs) {
    return sshCluster.diff?.(id, outs, { ...news, hosts: outs.hosts }, news);
  }

  async function update(news: Inputs): Promise<void> {
    assert.ok(sshCluster.update);
    const difference = await diff(news);
    assert.ok(!difference?.replace?.includes("hosts"), "replaces the cluster");
    ({ outs } = await sshCluster.update(id, outs, news, context));
  }

  async function on(name: string, script: string): Promise<string> {
    const login = loginSchema.parse({ key: machines.key });
    const remote = await Remote.connect(host(name), login);
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

  function apply(name: string, objects: readonly object[]): string {
    const file = join(folder, `${name}.yaml`);
    const documents = objects.map((object) => JSON.stringify(object));
    writeFileSync(file, documents.join("\n---\n"));
    kubectl("apply", "--filename", file);
    return file;
  }

  const nameOf = ({ name }: Host) => name;
  const etcdctl = (...args: readonly string[]) =>
    kubectl(
      ...["exec", "--namespace=kube-system", "etcd-control-2", "--", "etcdctl"],
      "--endpoints=https://127.0.0.1:2379",
      "--cacert=/etc/kubernetes/pki/etcd/ca.crt",
      "--cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt",
      "--key=/etc/kubernetes/pki/etcd/healthcheck-client.key",
      ...args,
    );
  /** Raw value of an object in etcd. */
  const inEtcd = (path: string) =>
    etcdctl("get", `/registry/${path}`, "--print-value-only");
  /** Makes a secret. @returns what is in it */
  const secret = (name: string) => {
    const value = `known-${name}`;
    kubectl("create", "secret", "generic", name, `--from-literal=a=${value}`);
    return value;
  };
  /** Value of a secret, read through the API server of one host. */
  const readOn = async (name: string, secret: string) => {
    const data = await on(
      name,
      `kubectl --kubeconfig=/etc/kubernetes/admin.conf --server=https://${host(name).address}:6443 get secret ${secret} -o jsonpath={.data.a}`,
    );
    return Buffer.from(data, "base64").toString();
  };
  /** Takes from the cluster's configuration what a release without audit log and key does not write. */
  const forgetSettings = () => {
    const map = JSON.parse(
      kubectl(
        ...["get", "configmap/kubeadm-config", "--namespace=kube-system"],
        "--output=json",
      ),
    ) as { readonly data: { ClusterConfiguration: string } };
    const document = parseDocument(map.data.ClusterConfiguration);
    for (const key of ["extraArgs", "extraVolumes"])
      assert.ok(document.deleteIn(["apiServer", key]), key);
    map.data.ClusterConfiguration = document.toString();
    apply("kubeadm-config", [map]);
  };
  const nodes = () =>
    kubectl("get", "nodes", "--output=jsonpath={.items[*].metadata.name}");
  const members = () =>
    etcdctl("member", "list")
      .trim()
      .split("\n")
      .map((line) => line.split(", ")[2])
      .sort();
  /** UIDs of objects from before the update, which must not change. */
  const witness = () => {
    const format = "--output=jsonpath={.metadata.uid}{.items[*].metadata.uid}";
    return ["configmap/witness", "nodes"]
      .map((what) => kubectl("get", what, format))
      .join(" ");
  };
  const rules = (name: string) =>
    on(name, "PATH=$PATH:/usr/sbin; iptables-save | grep -e DOCKER -e theirs");

  before(async () => {
    assert.equal(process.getuid?.(), 0, "needs root");
    await prepare();

    await ensureKubeadmImages();
    machines = await makeHosts(names);
    for (const name of names) await on(name, theirRules);
  });

  after(async () => {
    await machines?.remove();
    rmSync(folder, { recursive: true });
  });

  foundation(this, /^become a cluster/);

  it("that are unfit are all named, and none is changed", async () => {
    const wrong = inputs(["control-1", "one"], { version: "1.35.5" });
    await assert.rejects(sshCluster.create(wrong, context), (error: Error) => {
      for (const name of ["control-1", "one"]) {
        assert.match(
          error.message,
          new RegExp(
            `hosts\\.${name}\\.kubelet: "1\\.35\\.4": install 1\\.35\\.5`,
          ),
        );
      }
      return true;
    });
    for (const name of ["control-1", "one"])
      assert.equal(await on(name, hostTraces), "");
  });

  it("that do not answer, or show another key, are named", async () => {
    const stranger = host("one", { fingerprint: "SHA256:another" });
    const nobody = host("nobody", { port: 1 });
    const wrong = inputs(["control-1", stranger, nobody]);
    await assert.rejects(
      sshCluster.create(wrong, context),
      /one .*shows the key SHA256:.* and not SHA256:another[^]*nobody .*: does not answer/,
    );
    assert.equal(await on("control-1", hostTraces), "");
  });

  it("come to the end of what changes them when the connection is lost, and the next run waits", async () => {
    const login = loginSchema.parse({ key: machines.key });
    const connect = () => Remote.connect(host("two"), login);
    // Named as kubeadm names its phases: other lines are not shown.
    const steps = ["first", "second", "third", "fourth", "fifth"].map(
      (step) => `echo "[step/${step}] of five"; sleep 1`,
    );
    const log = (message: string) => {
      context.log(message);
      if (/^two: \[step\/second\]/.test(message)) void machines.sever("two");
    };
    const work = { owner: context.urn, signal: context.signal, log };
    const script = `${steps.join("\n")}\ntouch /run/ended`;
    await assert.rejects(
      runToEnd(await connect(), script, work),
      /two: ended with a signal/,
    );
    const again = await connect();
    try {
      await awaitEarlierRun(again, work);
      await again.run("rm /run/ended");
    } finally {
      again.close();
    }
  });

  /** A run that ends when a line of its log says so, as by Ctrl-C. */
  function cutAt(pattern: RegExp) {
    const cut = new AbortController();
    const log = (message: string) => {
      context.log(message);
      if (pattern.test(message)) cut.abort();
    };
    return { ...context, log, signal: cut.signal };
  }

  function partial(error: unknown): PartialFailure {
    assert.ok(error instanceof PartialFailure, String(error));
    return error;
  }

  const alone = () =>
    inputs(["control-1", "one"], {
      endpoint: `${host("control-1").address}:6443`,
    });

  it("stay half made when the run is cut off, and are known", async () => {
    await assert.rejects(
      sshCluster.create(alone(), cutAt(/^one: \[/)),
      (error) => {
        const { hosts } = partial(error).outs as Outs;
        assert.deepEqual(hosts.map(nameOf), ["control-1", "one"]);
        ({ id } = partial(error));
        return true;
      },
    );
    assert.match(await on("control-1", `cat ${markFile}`), /state joined/);
    assert.match(await on("one", `cat ${markFile}`), /state begun/);
  });

  it("become a cluster, the one that was begun, although no state has it", async () => {
    const authority = await on("control-1", "cat /etc/kubernetes/pki/ca.crt");
    const created = await sshCluster.create(alone(), context);
    ({ outs } = created);
    assert.equal(created.id, id);
    assert.equal(
      await on("control-1", "cat /etc/kubernetes/pki/ca.crt"),
      authority,
    );
    assert.match(outs.fingerprints["one"] ?? "", /^SHA256:/);
    assert.equal(nodes(), "control-1 one");
    kubectl("create", "configmap", "witness");
  });

  it("become three before which stands another address, also when the run is cut off", async () => {
    const before = kubectl("get", "configmap/witness", "--output=name");
    const news = inputs(shape);
    assert.ok((await diff(news))?.update?.includes("endpoint"));
    assert.ok(sshCluster.update);
    await assert.rejects(
      sshCluster.update(id, outs, news, cutAt(/^control-2: \[/)),
      (error) => {
        outs = partial(error).outs as Outs;
        assert.deepEqual(outs.hosts.map(nameOf), shape);
        return true;
      },
    );
    assert.match(await on("control-2", `cat ${markFile}`), /state begun/);
    await update(news);
    assert.equal(nodes(), "control-1 control-2 control-3 one");
    assert.deepEqual(members(), ["control-1", "control-2", "control-3"]);
    assert.equal(kubectl("get", "configmap/witness", "--output=name"), before);
    const server = new RegExp(`server: https://${machines.endpoint}$`, "m");
    assert.match(await on("one", "cat /etc/kubernetes/kubelet.conf"), server);
    assert.match(outs.kubeconfig, server);
    const proxy = kubectl(
      ...["get", "configmap/kube-proxy", "--namespace=kube-system"],
      "--output=yaml",
    );
    assert.match(proxy, server);
    // Secrets that let a host join are removed afterwards.
    const secrets = kubectl(
      ...["get", "secrets", "--namespace=kube-system", "--output=name"],
    );
    assert.doesNotMatch(secrets, /kubeadm-certs/);
  });

  it("run workloads that reach each other across hosts, by name", () => {
    const file = apply("workload", workload("control-1", "one"));
    kubectl("wait", "--for=condition=Complete", "--timeout=180s", "job/asks");
    assert.match(kubectl("logs", "job/asks"), /^served by control-1/m);
    kubectl("delete", "--filename", file, "--wait=true");
  });

  it("are refused to a state that does not know them, and taken over by the ID", async () => {
    const before = witness();
    await assert.rejects(
      sshCluster.create(inputs(shape), context),
      new RegExp(
        `no host was changed:[^]*control-1[^]*does not know[^]*target\\.import: ${id}`,
      ),
    );
    const elsewhere = inputs(["control-1", "one"], { import: id });
    await assert.rejects(
      sshCluster.create(elsewhere, context),
      /target\.hosts: "control-2": is a node of the cluster/,
    );
    const unknown = inputs(shape, { import: "another" });
    await assert.rejects(
      sshCluster.create(unknown, context),
      /target\.import: another: no control-plane host/,
    );
    const taken = await sshCluster.create(
      inputs(shape, { import: id }),
      context,
    );
    assert.equal(taken.id, id);
    assert.equal(witness(), before);
    ({ outs } = taken);
  });

  it("of another stack are left alone", async () => {
    const stranger = { ...context, urn: `${context.urn}-of-another` };
    await assert.rejects(
      sshCluster.create(inputs(["control-1", "one"]), stranger),
      /hosts\.control-1\.cluster: .*does not know/,
    );
    await sshCluster.delete?.("another", outs, stranger);
    assert.equal(nodes(), "control-1 control-2 control-3 one");
  });

  it("move to another pool in place", async () => {
    const before = witness();
    await update(
      inputs(["control-1", "control-2", "control-3", accelerated()]),
    );
    assert.equal(witness(), before);
    // Kubernetes' own taint of a node that is not ready goes a while after the node is.
    await eventually(
      async () =>
        kubectl(
          ...["get", "node", "one", "--output"],
          "jsonpath={.metadata.labels['mlstack\\.dev/pool']} {.spec.taints[*].key}",
        ) === `gpu ${gpuTaint.key}`,
    );
  });

  it("stay as they are when nothing changes", async () => {
    const same = inputs(["control-1", "control-2", "control-3", accelerated()]);
    assert.deepEqual((await diff(same))?.drifted, []);
    const before = kubectl("get", "pods", "--all-namespaces", "--output=name");
    await update(same);
    const after = kubectl("get", "pods", "--all-namespaces", "--output=name");
    assert.equal(after, before);
    const found = await sshCluster.read?.(id, outs, context);
    assert.equal(found?.outs.kubeconfig, outs.kubeconfig);
  });

  it("have no secret in etcd as plain text, and say in their audit logs who was refused one", async () => {
    const value = secret("kept");
    assert.match(inEtcd("secrets/default/kept"), /^k8s:enc:secretbox:v1:/);
    assert.ok(!inEtcd("secrets/default/kept").includes(value));
    const keys = new Set<string>();
    for (const name of ["control-1", "control-2", "control-3"]) {
      assert.equal(await readOn(name, "kept"), value);
      const told = await on(
        name,
        `stat -c %a ${encryptionFile}; sha256sum <${encryptionFile}
        kubectl --kubeconfig=/etc/kubernetes/admin.conf --server=https://${host(name).address}:6443 --as=mallory-${name} get secret kept 2>&1 || true
        stat -c %a ${auditFolder}/audit.log
        grep '"username":"mallory-${name}"' ${auditFolder}/audit.log | grep '"resource":"secrets"' | grep -c '"code":403' || true
        grep -c ${value} ${auditFolder}/audit.log || true`,
      );
      const [mode, key = "", refusal = "", ...log] = told.trim().split("\n");
      assert.match(refusal, /cannot get resource "secrets"/);
      assert.deepEqual([mode, ...log], ["600", "600", "1", "0"], name);
      keys.add(key);
    }
    assert.equal(keys.size, 1);
  });

  it("encrypt what a release without a key has left in etcd as plain text, also when the run is cut off", async function () {
    // Each of three API servers is restarted several times: minutes.
    if (!nightly) return this.skip();
    const controls = ["control-1", "control-2", "control-3"];
    // Hosts of an earlier release have no key, so that the encrypted secrets are deleted first.
    kubectl("delete", "secrets", "--all", "--all-namespaces");
    await Promise.all(controls.map((name) => on(name, withoutKey)));
    forgetSettings();
    kubectl(
      ...["annotate", "namespace", "kube-system"],
      "mlstack.dev/secrets-encrypted-with-",
    );
    outs = { ...outs, secretsEncrypted: false };
    const value = secret("kept");
    assert.ok(inEtcd("secrets/default/kept").includes(value));
    const same = inputs(["control-1", "control-2", "control-3", accelerated()]);
    assert.deepEqual((await diff(same))?.drifted, ["secretsEncrypted"]);
    assert.ok(sshCluster.update);
    await assert.rejects(
      sshCluster.update(id, outs, same, cutAt(/^control-2: audit log/)),
      (error) => {
        outs = partial(error).outs as Outs;
        assert.match(String(error), /cancelled/);
        return true;
      },
    );
    // One reads what is encrypted, and none writes it yet.
    assert.equal(await readOn("control-1", "kept"), value);
    assert.ok(inEtcd("secrets/default/kept").includes(value));
    assert.deepEqual((await diff(same))?.drifted, ["secretsEncrypted"]);
    await update(same);
    assert.match(inEtcd("secrets/default/kept"), /^k8s:enc:secretbox:v1:/);
    for (const name of controls)
      assert.equal(await readOn(name, "kept"), value, name);
    assert.deepEqual((await diff(same))?.drifted, []);
  });

  it("stay where a claim's volume lies on them", async () => {
    const file = apply("volume", volumeOn("one"));
    kubectl(
      ...["wait", "--for=jsonpath={.status.phase}=Bound", "--timeout=60s"],
      "persistentvolumeclaim/data",
    );
    const without = inputs(["control-1", "control-2", "control-3", "two"]);
    await assert.rejects(
      update(without),
      /no host was changed:\s+hosts\.one: "default\/data": .*keep the host/,
    );
    assert.equal(nodes(), "control-1 control-2 control-3 one");
    kubectl("delete", "--filename", file, "--wait=true");
  });

  it("come and go, and keep their volumes", async () => {
    await on("one", `touch ${volumeFolder}/data`);
    await update(inputs(["control-1", "control-2", "control-3", "two"]));
    assert.equal(nodes(), "control-1 control-2 control-3 two");
    assert.equal(await on("one", hostTraces), "");
    assert.equal(await on("one", `ls ${volumeFolder}`), "data\n");
  });

  it("may be away for a while, the first one too", async () => {
    machines.cut("control-1");
    const same = inputs(["control-1", "control-2", "control-3", "two"]);
    await update(same);
    assert.deepEqual(outs.silent, ["control-1"]);
    assert.deepEqual((await diff(same))?.drifted, ["silent"]);
    await assert.rejects(
      update(inputs(["control-1", "control-2", "control-4", "two"])),
      /the control plane has no majority without it, since control-1 stays/,
    );
    assert.deepEqual(members(), ["control-1", "control-2", "control-3"]);
  });

  it("are replaced when they have died, the first one too", async () => {
    const before = kubectl("get", "configmap/witness", "--output=name");
    await update(inputs(["control-4", "control-2", "control-3", "two"]));
    assert.deepEqual(outs.silent, []);
    assert.equal(nodes(), "control-2 control-3 control-4 two");
    assert.deepEqual(members(), ["control-2", "control-3", "control-4"]);
    assert.equal(kubectl("get", "configmap/witness", "--output=name"), before);
    assert.equal(await readOn("control-4", "kept"), "known-kept");
  });

  it("get certificates before theirs end", async () => {
    const same = inputs(["control-4", "control-2", "control-3", "two"]);
    await on("control-2", shortenCertificate);
    const found = await sshCluster.read?.(id, outs, context);
    assert.ok(found);
    const days = (end: string) => (Date.parse(end) - Date.now()) / 86_400_000;
    assert.ok(days(found.outs.certificatesEnd) < 31);
    outs = found.outs;
    assert.deepEqual((await diff(same))?.drifted, ["certificatesEnd"]);
    await update(same);
    assert.ok(days(outs.certificatesEnd) > 300, outs.certificatesEnd);
    assert.match(kubectl("get", "--raw", "/readyz"), /ok/);
  });

  describe("of an older Kubernetes", function () {
    const last = ["control-4", "control-2", "control-3", "two"];
    const next = (changes: Partial<Inputs> = {}) =>
      inputs(last, { version: nextKubernetes, ...changes });
    const nodeField = (path: string) =>
      kubectl("get", "nodes", `--output=jsonpath={.items[*].${path}}`);
    const kubelets = () => nodeField("status.nodeInfo.kubeletVersion");
    const apiVersion = async (name: string) => {
      const version = await on(
        name,
        `kubectl --kubeconfig=/etc/kubernetes/admin.conf --server=https://${host(name).address}:6443 get --raw /version`,
      );
      return (JSON.parse(version) as { gitVersion: string }).gitVersion;
    };
    const [from, to] = [`v${kubernetesPatch}`, `v${nextKubernetes}`];

    before(async function () {
      if (!nightly) return this.skip();
      // It builds the next Kubernetes, however long that takes beside other work.
      this.timeout(0);
      await ensureNextKubeadmImages();
      // Bare machines of a pool: what runs on them is spread, and asked all the while.
      apply("rolling", rollingWorkload);
      kubectl("rollout", "status", "deployment/rolling", "--timeout=180s");
      kubectl("rollout", "status", "daemonset/asking", "--timeout=180s");
    });

    it("are refused the next one until each has its kubeadm, and the one after that", async () => {
      await assert.rejects(
        update(next()),
        new RegExp(
          `no host was changed:[^]*hosts\\.control-4\\.kubeadm: "${kubernetesPatch}": install kubeadm ${nextKubernetes}`,
        ),
      );
      await assert.rejects(
        diff(next({ version: "1.37.0" })),
        /target\.version: "1\.37\.0": .*one minor version at a time/,
      );
      for (const name of last) {
        machines.install(name, "kubeadm", nextToolFile("kubeadm"));
      }
    });

    it("come to the end of a host's upgrade when the run is cut off in it, and do not go back", async () => {
      assert.ok(sshCluster.update);
      await assert.rejects(
        sshCluster.update(id, outs, next(), cutAt(/^control-2: \[upgrade/)),
        (error) => {
          outs = partial(error).outs as Outs;
          return true;
        },
      );
      assert.deepEqual(
        await Promise.all(
          ["control-4", "control-2", "control-3"].map(apiVersion),
        ),
        [to, to, from],
      );
      assert.deepEqual(
        [outs.version, outs.upgrading],
        [kubernetesPatch, nextKubernetes],
      );
      assert.deepEqual((await diff(next()))?.drifted, ["upgrading"]);
      await assert.rejects(
        diff(inputs(last)),
        /target\.version: .*Kubernetes does not go back/,
      );
    });

    it("are gone on with when the connection was lost in it, once that has come to its end", async () => {
      assert.ok(sshCluster.update);
      const { update: change } = sshCluster;
      const lost = {
        ...context,
        log: (message: string) => {
          context.log(message);
          if (/^control-3: \[upgrade\/staticpods/.test(message)) {
            void machines.sever("control-3");
          }
        },
      };
      await assert.rejects(
        change(id, outs, next(), lost),
        /control-3: ended with a signal/,
      );
      // The same again, at once; the kubelets are still to come.
      await assert.rejects(
        change(id, outs, next(), context),
        new RegExp(
          `kubelets of control-4, control-2, control-3, two do not yet: install kubelet ${nextKubernetes}`,
        ),
      );
      assert.equal(await apiVersion("control-3"), to);
      assert.equal(kubelets(), Array(4).fill(from).join(" "));
    });

    it("get their kubelets one after the other, drained, and are given back", async () => {
      // As a run leaves a node that is killed while it is drained.
      kubectl(
        ...["annotate", "node", "two"],
        `mlstack.dev/drained-for-upgrade=${nextKubernetes}`,
      );
      kubectl("cordon", "two");
      // As a person leaves one.
      kubectl("cordon", "control-3");
      const installKubelet = `ln -sfn ${nextToolFile("kubelet").replace(nextKubernetes, "{version}")} /usr/local/bin/kubelet`;
      await update(next({ installKubelet }));
      assert.equal(kubelets(), Array(4).fill(to).join(" "));
      assert.equal(
        kubectl(
          ...["get", "nodes", "--field-selector=spec.unschedulable=true"],
          "--output=name",
        ).trim(),
        "node/control-3",
      );
      kubectl("uncordon", "control-3");
      assert.doesNotMatch(nodeField("metadata.annotations"), /drained/);
      assert.deepEqual([outs.version, outs.upgrading], [nextKubernetes, ""]);
      assert.deepEqual((await diff(next({ installKubelet })))?.drifted, []);
    });

    it("ran their workloads meanwhile", async () => {
      assert.deepEqual(members(), ["control-2", "control-3", "control-4"]);
      const images = kubectl(
        ...["get", "pods", "--namespace=kube-system", "--output"],
        "jsonpath={.items[*].spec.containers[*].image}",
      );
      assert.doesNotMatch(images, new RegExp(from));
      for (const name of ["control-2", "control-3", "control-4"])
        assert.equal(await readOn(name, "kept"), "known-kept");
      assert.match(inEtcd("secrets/default/kept"), /^k8s:enc:secretbox:v1:/);
      kubectl("rollout", "status", "deployment/rolling", "--timeout=180s");
      const pods = kubectl(
        ...["get", "pods", "--selector=app=asking", "--output=name"],
      );
      for (const pod of pods.trim().split("\n")) {
        const seconds = longestOutage(kubectl("logs", pod));
        context.log(`${pod}: ${seconds} s without an answer`);
        assert.ok(seconds < 60, `${pod}: ${seconds} s without an answer`);
      }
      kubectl("delete", "--filename", join(folder, "rolling.yaml"));
    });
  });

  // Suites run after the tests beside them.
  describe("that are no longer needed", () => {
    it("are as they were in the end, and who does not answer is named", async () => {
      machines.cut("two");
      // Their kubelets are making pods when they are stopped.
      apply("crowd", crowd);
      assert.ok(sshCluster.delete);
      await assert.rejects(
        sshCluster.delete(id, outs, context),
        /^Error: two .*does not answer[^]*PULUMI_K8S_DELETE_UNREACHABLE=true/,
      );
      for (const name of ["control-2", "control-3", "control-4"]) {
        assert.equal(await on(name, hostTraces), "", name);
        assert.equal(await rules(name), await rules("one"), name);
      }
      assert.match(await rules("one"), /theirs[^]*DOCKER/);
      assert.equal(await sshCluster.read?.(id, outs, context), undefined);
      process.env["PULUMI_K8S_DELETE_UNREACHABLE"] = "true";
      try {
        await sshCluster.delete(id, outs, context);
      } finally {
        delete process.env["PULUMI_K8S_DELETE_UNREACHABLE"];
      }
    });
  });
});

/** Rules of other programs of a host, which no cluster may touch. */
const theirRules = `
PATH=$PATH:/usr/sbin
iptables -t nat -N DOCKER
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -A FORWARD -s 172.17.0.0/16 -m comment --comment theirs -j ACCEPT
`;

/** Makes a control-plane host what a release without audit log and key has made; all of them at once. */
const withoutKey = `
sed -i -E '/--(audit|encryption)-/d' /etc/kubernetes/manifests/kube-apiserver.yaml
${restartScript("kube-apiserver")}
rm -r ${encryptionFile} /etc/kubernetes/pki/audit-policy.json ${auditFolder}
for try in $(seq 60); do kubectl --kubeconfig=/etc/kubernetes/admin.conf --server=https://$(hostname):6443 get --raw /readyz >/dev/null 2>&1 && exit 0; sleep 1; done
exit 1
`;

/** Gives a control plane a certificate that ends in 30 days. */
const shortenCertificate = `
cd /etc/kubernetes/pki
echo extendedKeyUsage=clientAuth >/tmp/extensions-$$
openssl req -new -key front-proxy-client.key -subj /CN=front-proxy-client |
  openssl x509 -req -days 30 -extfile /tmp/extensions-$$ -CA front-proxy-ca.crt -CAkey front-proxy-ca.key -CAcreateserial -out front-proxy-client.crt 2>/dev/null
rm front-proxy-ca.srl /tmp/extensions-$$
`;

/** A claim, bound to a volume on a node's disk. */
function volumeOn(node: string): readonly object[] {
  const resources = { storage: "1Mi" };
  const key = "kubernetes.io/hostname";
  const matchExpressions = [{ key, operator: "In", values: [node] }];
  return [
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "data" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        capacity: resources,
        storageClassName: "by-hand",
        local: { path: "/var/lib" },
        nodeAffinity: {
          required: { nodeSelectorTerms: [{ matchExpressions }] },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: "by-hand",
        volumeName: "data",
        resources: { requests: resources },
      },
    },
  ];
}

/** Seconds between two answers that a client has got, at most. */
function longestOutage(log: string): number {
  const answers = [...log.matchAll(/^(\d+) answered$/gm)].map(([, at]) =>
    Number(at),
  );
  assert.ok(answers.length > 10, log.slice(-500));
  const gaps = answers.map((at, index) => at - (answers[index - 1] ?? at));
  return Math.max(...gaps);
}

/** A service of two pods on two nodes, and on every node a client that asks for it all the time. */
const rollingWorkload: readonly object[] = (() => {
  const image = "docker.io/library/busybox:1.37.0";
  const labels = { app: "rolling" };
  const selector = { matchLabels: labels };
  const serve = "echo served >/tmp/index.html; exec httpd -f -p 8080 -h /tmp";
  const ask =
    'while sleep 0.5; do if timeout 2 wget -q -O /dev/null http://rolling; then echo "$(date +%s) answered"; else echo "$(date +%s) failed"; fi; done';
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "rolling" },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "rolling" },
      spec: { maxUnavailable: 1, selector },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "rolling" },
      spec: {
        replicas: 2,
        selector,
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 2,
            topologySpreadConstraints: [
              {
                maxSkew: 1,
                topologyKey: "kubernetes.io/hostname",
                whenUnsatisfiable: "DoNotSchedule",
                labelSelector: selector,
              },
            ],
            containers: [
              {
                name: "web",
                image,
                command: ["sh", "-c", serve],
                readinessProbe: { httpGet: { port: 8080, path: "/" } },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "asking" },
      spec: {
        selector: { matchLabels: { app: "asking" } },
        template: {
          metadata: { labels: { app: "asking" } },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [{ name: "asks", image, command: ["sh", "-c", ask] }],
          },
        },
      },
    },
  ];
})();

/** Pods that go on whatever node there is. */
const crowd = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "crowd" },
    spec: {
      replicas: 24,
      selector: { matchLabels: { app: "crowd" } },
      template: {
        metadata: { labels: { app: "crowd" } },
        spec: {
          tolerations: [{ operator: "Exists" }],
          containers: [
            {
              name: "waits",
              image: "docker.io/library/busybox:1.37.0",
              command: ["sleep", "3600"],
            },
          ],
        },
      },
    },
  },
];

/** A server on one node, and a client on another that asks it by the name of its service. */
function workload(server: string, client: string): readonly object[] {
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
  ];
}
