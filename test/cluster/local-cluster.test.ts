import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomUUID, X509Certificate } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { resolve4 } from "node:dns/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { prepare } from "../../infra/supply";
import { registryStorage } from "../../infra/supply/images/registry";
import { toolPath } from "../../infra/supply/toolchain/tools";
import { cgroupProcesses, parseHierarchies } from "../../infra/local/cgroups";
import { controlPlaneDaemons } from "../../infra/local/control-plane";
import { type ClusterInputs, clusterSchema } from "../../infra/local/inputs";
import { controlPlane, Layout } from "../../infra/local/layout";
import {
  createCluster,
  deleteCluster,
  readCluster,
  updateCluster,
} from "../../infra/local/lifecycle";
import { preflight } from "../../infra/local/preflight";
import {
  deadMachines,
  findCluster,
  writeRecord,
} from "../../infra/local/record";
import { referenceOf } from "../../infra/local/reference";
import { remainsOf } from "../../infra/local/remains";
import { clusterImages } from "../../infra/local/registry";
import {
  daemonScript,
  restartDaemon,
  runningUnits,
  writeDaemons,
} from "../../infra/local/unit";
import { pinnedVersions } from "../../infra/local/versions";
import type { Work } from "../../infra/local/work";
import { gpuResource, gpuTaint, poolLabel } from "../../infra/pools/placement";
import { localCluster } from "../../infra/provider/local-cluster";
import { ProviderHarness } from "../infra/provider/harness";
import { eventually } from "../support/eventually";
import { Kubectl } from "../support/kubectl";
import { OutsideHost } from "../support/outside-host";

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly labels: object };
    readonly spec: { readonly taints?: readonly object[] };
    readonly status: { readonly capacity: Readonly<Record<string, string>> };
  }[];
}

interface AuditEvent {
  readonly verb: string;
  readonly impersonatedUser?: { readonly username: string };
  readonly objectRef?: { readonly resource: string; readonly name?: string };
  readonly responseStatus?: { readonly code: number };
}

interface RestartList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: {
      readonly containerStatuses: readonly { readonly restartCount: number }[];
    };
  }[];
}

/** A real cluster beside any other on this machine: needs root. */
describe("local cluster", function () {
  const folder = mkdtempSync(join(tmpdir(), "mlstack-local-"));
  const inputs: ClusterInputs = clusterSchema.parse({
    name: "test",
    dataDir: join(folder, "data"),
    subnet: "10.92.0.0/24",
    podCidr: "10.248.0.0/16",
    serviceCidr: "10.99.0.0/16",
    registryStorage: registryStorage(),
    versions: pinnedVersions(),
    pools: [
      { name: "cpu", count: 1 },
      { name: "gpu", count: 1, gpus: 1 },
    ],
  });
  const layout = new Layout(inputs);
  const work: Work = {
    owner: "test",
    signal: new AbortController().signal,
    log: (message) => {
      if (process.env["VERBOSE"]) console.log(message);
    },
  };
  const kubectl = new Kubectl(join(folder, "kubeconfig"));
  let id = "";
  let untouched: Readonly<Record<string, string>>;

  before(async () => {
    assert.equal(process.getuid?.(), 0, "needs root");
    // The whole toolchain takes longer than this suite, which runs little of it.
    if ((await preflight(inputs, toolPath)).length > 0) await prepare();
    untouched = footprint();
    const { kubeconfig, clusterId } = await createCluster(inputs, work);
    id = clusterId;
    writeFileSync(join(folder, "kubeconfig"), kubeconfig);
  });

  after(async () => {
    // Also removes the clusters of tests that failed.
    for (const name of ["test", "beside", "clash"]) {
      const found = await findCluster(new Layout({ ...inputs, name }));
      if ("id" in found)
        await deleteCluster({ ...inputs, name }, found.id, work);
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it("has a ready node for each pool, the one with a GPU tainted", () => {
    const { items } = kubectl.get<NodeList>("nodes");
    assert.deepEqual(
      items.map(({ metadata, spec, status }) => [
        metadata.name,
        Reflect.get(metadata.labels, poolLabel),
        status.capacity[gpuResource],
        spec.taints ?? [],
      ]),
      [
        ["cpu-0", "cpu", undefined, []],
        ["gpu-0", "gpu", "1", [gpuTaint]],
      ],
    );
  });

  it("runs pods on every node that reach each other, services and the registry", () => {
    kubectl.apply(
      web("web", "cpu"),
      service("web"),
      sleeper("near", "cpu"),
      sleeper("far", "gpu"),
    );
    for (const pod of ["web", "near", "far"]) {
      kubectl.waitFor(`pod/${pod}`, "condition=Ready");
    }
    for (const pod of ["near", "far"]) {
      const answer = kubectl.sh(
        pod,
        "until wget -q -O- http://web.default.svc.cluster.local; do sleep 0.2; done",
      );
      assert.equal(answer, "hello");
      kubectl.sh(pod, `wget -q -O- http://${layout.registry}/v2/`);
    }
    assert.throws(
      () => kubectl.sh("near", "nslookup example.com"),
      /NXDOMAIN|code 1/,
      "no name outside is known",
    );
    assert.throws(
      () => kubectl.sh("near", "wget -q -O- http://192.0.2.1"),
      /unreachable|code 1/,
      "no address outside is reached",
    );
  });

  it("reaches what this machine reaches where that is asked for, but not the machine itself", async () => {
    const outside = new OutsideHost();
    const own = createServer((_, response) => response.end("own")).listen(0);
    // The server of this process does not answer while this process waits for the pod.
    const page = (url: string) =>
      kubectl.sh("far", `timeout 5 wget -q -O- ${url}`);
    const answers = () => page(`http://${outside.address}/`) === "outside";
    try {
      await updateCluster({ ...inputs, internet: true }, id, work);
      await eventually(async () => Promise.resolve(answers()));
      const { port } = own.address() as AddressInfo;
      const ownPage = await fetch(`http://${outside.near}:${port}/`);
      assert.equal(await ownPage.text(), "own");
      // Node does not list the address of an interface without a carrier; the kernel answers at it.
      const idle = outside.addIdleAddress();
      await eventually(async () => {
        assert.throws(() => page(`http://${idle}:${port}/`), /refused/);
        return Promise.resolve(true);
      });
      for (const closed of [`${outside.near}:${port}`, "169.254.169.254"])
        assert.throws(() => page(`http://${closed}/`), /refused/, closed);
      // A name is what the host's name servers say it is; the cluster's own stay as they are.
      const [known] = await resolve4("deb.debian.org").catch(() => []);
      const name = "deb.debian.org.";
      if (known === undefined)
        assert.throws(() => kubectl.sh("near", `nslookup ${name}`));
      else
        await eventually(async () =>
          Promise.resolve(
            kubectl.sh("near", `nslookup ${name}`).includes(known),
          ),
        );
      assert.equal(page("http://web.default.svc.cluster.local"), "hello");
      const group = `${layout.cgroup}/internet`;
      for (const pid of await cgroupProcesses(group))
        if (readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "slirp4netns")
          process.kill(pid, "SIGKILL");
      await eventually(async () => Promise.resolve(answers()));
      await updateCluster(inputs, id, work);
      assert.deepEqual(await cgroupProcesses(group), []);
      assert.throws(
        () => page(`http://${outside.address}/`),
        /unreachable|code 1/,
      );
    } finally {
      own.close();
      outside.remove();
    }
  });

  it("keeps a volume's data over the death of every daemon of its node", async () => {
    kubectl.apply(claim("data"), writer("keeper", "data"));
    kubectl.waitFor("pod/keeper", "condition=Ready");
    const killed = await killDaemons("cpu-0");
    assert.deepEqual(killed.sort(), ["containerd", "kube-proxy", "kubelet"]);
    await eventually(async () => {
      const names = (await daemonsOf("cpu-0")).map(({ name }) => name);
      return names.includes("kubelet") && names.includes("containerd");
    });
    await eventually(
      async () => kubectl.sh("keeper", "cat /data/f") === "kept",
    );
    kubectl.run(["delete", "pod", "keeper", "--now"]);
    kubectl.apply(reader("reader", "data"));
    kubectl.waitFor("pod/reader", "jsonpath={.status.phase}=Succeeded");
    assert.equal(kubectl.run(["logs", "reader"]).trim(), "kept");
  });

  it("has its GPU again after its kubelet has died", async () => {
    await killDaemons("gpu-0", "kubelet");
    await eventually(async () =>
      (await daemonsOf("gpu-0")).some(({ name }) => name === "kubelet"),
    );
    // A kubelet takes the resource away when it registers, and gets it back right after.
    await pause(5000);
    await eventually(async () => {
      const { items } = kubectl.get<NodeList>("nodes");
      return items[1]?.status.capacity[gpuResource] === "1";
    });
  });

  it("says which machines have died, and starts them with their data", async () => {
    const units = await runningUnits(layout);
    for (const pid of units.values()) process.kill(pid, "SIGKILL");
    await eventually(async () => (await deadMachines(layout)).length === 3);
    assert.ok(await readCluster(inputs, id), "it is still there");
    await updateCluster(inputs, id, work);
    assert.deepEqual(await deadMachines(layout), []);
    kubectl.run(["delete", "pod", "reader", "--ignore-not-found"]);
    kubectl.apply(reader("reader", "data"));
    kubectl.waitFor("pod/reader", "jsonpath={.status.phase}=Succeeded");
    assert.equal(kubectl.run(["logs", "reader"]).trim(), "kept");
  });

  it("takes a node more, and gives it up again", async () => {
    const [cpu, gpu] = inputs.pools;
    assert.ok(cpu && gpu);
    const more = { ...inputs, pools: [{ ...cpu, count: 2 }, gpu] };
    const { nodes } = await updateCluster(more, id, work);
    assert.deepEqual(nodes, ["cpu-0", "cpu-1", "gpu-0"]);
    await updateCluster(inputs, id, work);
    const { items } = kubectl.get<NodeList>("nodes");
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ["cpu-0", "gpu-0"],
    );
  });

  it("is not taken away by a stack whose state does not know it, be it the same stack", async () => {
    const before = await runningUnits(layout);
    for (const owner of ["somebody else", "test"]) {
      await assert.rejects(
        createCluster(inputs, { ...work, owner }),
        new RegExp(
          `^Error: target\\.name: "test": ${layout.state} is a whole cluster that this state does not know, made by test; .*target\\.import: ${layout.state}:${id} `,
        ),
      );
    }
    const other = randomUUID();
    await assert.rejects(
      updateCluster(inputs, other, work),
      new RegExp(`its ID is ${id}, not ${other}`),
    );
    assert.equal(await readCluster(inputs, other), undefined);
    await deleteCluster(inputs, other, work);
    assert.deepEqual(await runningUnits(layout), before);
    kubectl.get("nodes");
  });

  it("is left alone by a deletion whose stored values lead elsewhere", async () => {
    const before = await runningUnits(layout);
    const reference = referenceOf(layout, id);
    const provider = await ProviderHarness.ofKinds([localCluster]);
    const imported = await provider.import(localCluster.type, reference);
    assert.ok(imported);
    const poisoned = imported.outs;
    for (const values of [
      { ...poisoned, name: "../data/test" },
      { ...poisoned, name: ".." },
      { ...poisoned, dataDir: `${folder}/data/../data` },
      { ...poisoned, dataDir: "/" },
      { ...poisoned, clusterId: "" },
    ])
      await assert.rejects(
        provider.delete(localCluster.type, { ...imported, outs: values }),
        JSON.stringify(values),
      );
    // An ID that is well-formed but belongs to another cluster is left alone too.
    const other = { ...poisoned, clusterId: randomUUID() };
    await provider.delete(localCluster.type, { ...imported, outs: other });
    await provider.stop();
    assert.deepEqual(await runningUnits(layout), before);
    assert.ok(await readCluster(inputs, id));
  });

  it("is taken over by its reference", async () => {
    const reference = referenceOf(layout, id);
    const { type } = localCluster;
    const provider = await ProviderHarness.ofKinds([localCluster]);
    try {
      const imported = await provider.import(type, reference);
      assert.deepEqual(imported?.inputs, inputs);
      assert.equal(imported.id, reference);
      // From then on it is the same cluster: nothing differs, and an update goes through.
      const { changed, diffs } = await provider.diff(
        type,
        imported,
        imported.inputs,
      );
      assert.deepEqual([changed, diffs], [false, []]);
      const updated = await provider.update(type, imported, imported.inputs);
      assert.equal(updated.outs["clusterId"], id);
      assert.equal(
        await provider.import(type, referenceOf(layout, randomUUID())),
        undefined,
      );
    } finally {
      await provider.stop();
    }
  });

  it("is shared by two checkouts, and lives beside the cluster of another name", async () => {
    // A checkout of another user: another home, and so another folder of images.
    const images = join(folder, "images");
    mkdirSync(images);
    symlinkSync(join(inputs.registryStorage, "docker"), join(images, "docker"));
    const theirs = { ...inputs, registryStorage: images };
    const before = await runningUnits(layout);
    await updateCluster(theirs, id, work);
    kubectl.apply(sleeper("shared", "cpu"));
    kubectl.waitFor("pod/shared", "condition=Ready");
    const other = clusterSchema.parse({
      ...theirs,
      name: "beside",
      subnet: "10.88.92.0/24",
      podCidr: "10.212.0.0/16",
      serviceCidr: "10.211.0.0/16",
      pools: [{ name: "cpu", count: 1 }],
    });
    const beside = await createCluster(other, { ...work, owner: "beside" });
    try {
      assert.notEqual(beside.clusterId, id);
      assert.deepEqual(await deadMachines(new Layout(other)), []);
      // The cluster of one is no cluster of the other, though the name and folder are known.
      await deleteCluster(other, id, work);
      assert.deepEqual(await deadMachines(new Layout(other)), []);
    } finally {
      await deleteCluster(other, beside.clusterId, work);
    }
    assert.deepEqual(await runningUnits(layout), before);
    await updateCluster(inputs, id, work);
    rmSync(images, { recursive: true });
    assert.deepEqual(await runningUnits(layout), before);
    kubectl.run(["delete", "pod", "shared", "--now"]);
  });

  it("restarts its daemons for other versions, one after another, while pods run on", async () => {
    kubectl.apply(sleeper("lasting", "gpu"));
    kubectl.waitFor("pod/lasting", "condition=Ready");
    const before = await runningUnits(layout);
    const daemons = await daemonsOf("gpu-0");
    const messages: string[] = [];
    const versions = { ...inputs.versions, containerd: "2.9.9" };
    await updateCluster({ ...inputs, versions }, id, {
      ...work,
      log: (message) => messages.push(message),
    });
    assert.deepEqual(
      messages.filter((message) => message.startsWith("restarting ")),
      [
        "restarting the control plane with its new versions",
        "restarting cpu-0 with its new versions",
        "restarting gpu-0 with its new versions",
      ],
    );
    assert.deepEqual(await runningUnits(layout), before);
    const kubelet = (all: typeof daemons) =>
      all.find(({ name }) => name === "kubelet")?.pid;
    assert.notEqual(kubelet(await daemonsOf("gpu-0")), kubelet(daemons));
    const { items } = kubectl.get<RestartList>("pods");
    const lasting = items.find(({ metadata }) => metadata.name === "lasting");
    assert.equal(lasting?.status.containerStatuses[0]?.restartCount, 0);
    await assert.rejects(
      updateCluster(
        { ...inputs, versions: { ...versions, kubernetes: "1.34.0" } },
        id,
        work,
      ),
      /is a downgrade, which Kubernetes does not support/,
    );
    await updateCluster(inputs, id, work);
    kubectl.run(["delete", "pod", "lasting", "--now"]);
  });

  it("has no secret in etcd as plain text, and says in its audit log who was refused one", async () => {
    const value = `known-${randomUUID()}`;
    const literal = `--from-literal=a=${value}`;
    kubectl.run(["create", "secret", "generic", "kept", literal]);
    kubectl.run(["create", "configmap", "open", literal]);
    assert.match(
      await inEtcd("secrets/default/kept"),
      /^k8s:enc:secretbox:v1:/,
    );
    assert.ok(!(await inEtcd("secrets/default/kept")).includes(value));
    // Who reads etcd so would find it.
    assert.ok((await inEtcd("configmaps/default/open")).includes(value));
    const key = readFileSync(layout.encryption, "utf8");
    const modeOf = (file: string) => statSync(file).mode & 0o777;
    assert.equal(modeOf(layout.encryption), 0o600);
    const audit = join(layout.audit, "audit.log");
    assert.equal(modeOf(audit), 0o600);
    assert.throws(() => kubectl.run(["get", "secret", "kept", "--as=mallory"]));
    const log = readFileSync(audit, "utf8");
    const refused = log
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as AuditEvent)
      .filter(({ responseStatus }) => responseStatus?.code === 403);
    assert.ok(
      refused.some(
        ({ impersonatedUser, verb, objectRef }) =>
          impersonatedUser?.username === "mallory" &&
          verb === "get" &&
          objectRef?.resource === "secrets" &&
          objectRef.name === "kept",
      ),
    );
    assert.ok(!log.includes(value));
    // A second look changes neither the key nor the programs.
    const before = await daemonsOf(controlPlane);
    await updateCluster(inputs, id, work);
    assert.deepEqual(await daemonsOf(controlPlane), before);
    assert.equal(readFileSync(layout.encryption, "utf8"), key);
  });

  it("encrypts what a release without a key has left in etcd as plain text, and loses none of it", async () => {
    await becomeOld();
    const value = `known-${randomUUID()}`;
    const literal = `--from-literal=a=${value}`;
    kubectl.run(["create", "secret", "generic", "old", literal]);
    assert.ok((await inEtcd("secrets/default/old")).includes(value));
    const provider = await ProviderHarness.ofKinds([localCluster]);
    try {
      const reference = referenceOf(layout, id);
      const { type } = localCluster;
      const imported = await provider.import(type, reference);
      assert.ok(imported);
      const { diffs } = await provider.diff(type, imported, imported.inputs);
      assert.deepEqual(diffs, ["secretsEncrypted"]);
      const updated = await provider.update(type, imported, imported.inputs);
      assert.equal(updated.outs["secretsEncrypted"], true);
    } finally {
      await provider.stop();
    }
    assert.match(await inEtcd("secrets/default/old"), /^k8s:enc:secretbox:v1:/);
    const { data } = kubectl.get<{ readonly data: { readonly a: string } }>(
      ...["secret", "old"],
    );
    assert.equal(Buffer.from(data.a, "base64").toString(), value);
    const key = readFileSync(layout.encryption);
    rmSync(layout.encryption);
    await assert.rejects(
      updateCluster(inputs, id, work),
      /encryption\.json is gone, the key to the cluster's secrets; bring back/,
    );
    writeFileSync(layout.encryption, key, { mode: 0o600 });
  });

  it("has certificates of ten years", () => {
    for (const file of [
      ...readdirSync(layout.pki)
        .filter((name) => name.endsWith(".crt"))
        .map((name) => join(layout.pki, name)),
      ...["admin", "super-admin", "controller-manager", "scheduler", "proxy"]
        .map((name) => `${name}.conf`)
        .map((name) => join(layout.pki, name)),
      layout.at("nodes/cpu-0/kubelet.conf"),
    ]) {
      const days = daysLeft(file);
      assert.ok(days > 3640, `${file}: ${days} days`);
    }
  });

  it("refuses a second piece of work meanwhile", async () => {
    const both = await Promise.allSettled([
      updateCluster(inputs, id, work),
      updateCluster(inputs, id, work),
    ]);
    const refused = both.filter((one) => one.status === "rejected");
    assert.equal(refused.length, 1);
    assert.match(
      String(refused[0]?.reason),
      /is at work on .*; wait until it ends/,
    );
  });

  it("refuses ranges that this machine uses", async () => {
    const clashing = { ...inputs, name: "clash", podCidr: "10.250.0.0/16" };
    await assert.rejects(
      createCluster(clashing, work),
      /target\.subnet: "10\.92\.0\.0\/24": overlaps 10\.92\.0\.0\/24/,
    );
    assert.ok(!existsSync(new Layout(clashing).state));
  });

  it("leaves nothing when it is removed", async () => {
    await deleteCluster(inputs, id, work);
    assert.equal(await readCluster(inputs, id), undefined);
    assert.deepEqual(await remainsOf(layout), []);
    assert.deepEqual(footprint(), untouched);
    assert.deepEqual(readdirSync(folder), ["kubeconfig"]);
  });

  it("leaves nothing when it is cancelled half made", async () => {
    const cancellation = new AbortController();
    const cancelled = createCluster(inputs, {
      ...work,
      signal: cancellation.signal,
      log: (message) => {
        if (message.startsWith("the API server answers")) {
          cancellation.abort(new Error("cancelled"));
        }
      },
    });
    await assert.rejects(cancelled, /cancelled/);
    assert.deepEqual(await remainsOf(layout), []);
    assert.deepEqual(footprint(), untouched);
  });

  it("is made where a killed run has left its half", async () => {
    const script = join(__dirname, "../../infra/local/dev.ts");
    const run = spawn(
      process.execPath,
      ["--require", "tsx/cjs", script, "up", inputs.name],
      {
        env: { ...process.env, MLSTACK_INPUTS: JSON.stringify(inputs) },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    for await (const chunk of run.stdout) {
      if (String(chunk).includes("the API server answers")) break;
    }
    run.kill("SIGKILL");
    assert.notDeepEqual(await remainsOf(layout), []);
    const { nodes, clusterId } = await createCluster(inputs, work);
    assert.deepEqual(nodes, ["cpu-0", "gpu-0"]);
    await deleteCluster(inputs, clusterId, work);
    assert.deepEqual(footprint(), untouched);
  });

  /** Raw value of an object in etcd. */
  async function inEtcd(path: string): Promise<string> {
    const pid = (await runningUnits(layout)).get(controlPlane);
    const key = Buffer.from(`/registry/${path}`).toString("base64");
    const answer = execFileSync(
      "nsenter",
      [
        ...[`--net=/proc/${pid}/ns/net`, "curl", "--silent", "--fail"],
        ...["http://127.0.0.1:2379/v3/kv/range", "--data", `{"key":"${key}"}`],
      ],
      { encoding: "utf8" },
    );
    const { kvs } = JSON.parse(answer) as {
      readonly kvs: readonly { readonly value: string }[];
    };
    return Buffer.from(kvs[0]?.value ?? "", "base64").toString("latin1");
  }

  /** Makes the cluster what a release without audit log and key has made. */
  async function becomeOld(): Promise<void> {
    const found = await findCluster(layout);
    assert.ok(found.kind === "complete");
    // It has no way to read what is encrypted.
    kubectl.run(["delete", "secrets", "--all", "--all-namespaces"]);
    const name = "kube-apiserver";
    const { tools } = found.record;
    const daemons = controlPlaneDaemons(layout, (tool) => tools[tool] ?? tool)
      .filter((daemon) => daemon.name === name)
      .map((daemon) => ({
        ...daemon,
        command: daemon.command.filter(
          (word) => !/^--(audit|encryption)-/.test(word),
        ),
      }));
    assert.ok(!daemons.map(daemonScript).join("").includes("encryption"));
    await writeDaemons(layout, controlPlane, daemons);
    await restartDaemon(layout, controlPlane, name);
    for (const path of [layout.encryption, layout.auditPolicy, layout.audit])
      rmSync(path, { recursive: true });
    await writeRecord(layout, { ...found.record, secretsEncrypted: false });
    await eventually(async () =>
      Promise.resolve(kubectl.run(["get", "--raw", "/readyz"]) === "ok"),
    );
  }

  /** Resources outside its folder that a cluster could leave on this machine. */
  function footprint(): Readonly<Record<string, string>> {
    const run = (file: string, ...args: string[]) =>
      execFileSync(file, args, { encoding: "utf8" });
    const lines = (text: string, keep: (line: string) => boolean) =>
      text.split("\n").filter(keep).sort().join("\n");
    const mountinfo = readFileSync("/proc/self/mountinfo", "utf8");
    const ours = (line: string) => line.includes(folder);
    return {
      mounts: lines(mountinfo, ours),
      namespaces: existsSync("/run/netns")
        ? readdirSync("/run/netns").join("\n")
        : "",
      links: lines(run("ip", "-o", "link"), (line) =>
        line.includes(layout.hostLink),
      ),
      routes: lines(run("ip", "route"), (line) =>
        line.includes(layout.hostLink),
      ),
      rules: lines(run("iptables-save"), (line) => !line.startsWith("#")),
      cgroups: parseHierarchies(mountinfo)
        .map(({ mount }) => join(mount, layout.cgroup))
        .filter((path) => existsSync(path))
        .join("\n"),
      processes: lines(run("ps", "-eo", "args"), ours),
      settings: [
        "vm/overcommit_memory",
        "kernel/panic",
        "kernel/panic_on_oops",
        "kernel/keys/root_maxkeys",
        "net/ipv4/ip_forward",
      ]
        .map((name) => readFileSync(`/proc/sys/${name}`, "utf8"))
        .join(""),
      folders: [
        "/etc/cni",
        "/opt/cni",
        "/opt/containerd",
        "/run/containerd",
        "/usr/libexec/kubernetes",
        "/var/lib/cni",
        "/var/lib/containerd",
        "/var/lib/kubelet",
        "/var/log/pods",
      ]
        .filter((path) => existsSync(path))
        .join("\n"),
    };
  }

  async function daemonsOf(node: string) {
    const pids = await cgroupProcesses(`${layout.cgroup}/${node}/daemons`);
    return pids.flatMap((pid) => {
      try {
        return { pid, name: readFileSync(`/proc/${pid}/comm`, "utf8").trim() };
      } catch {
        return [];
      }
    });
  }

  async function killDaemons(node: string, only?: string): Promise<string[]> {
    const daemons = (await daemonsOf(node)).filter(({ name }) =>
      only ? name === only : /^(containerd|kubelet|kube-proxy)$/.test(name),
    );
    for (const { pid } of daemons) process.kill(pid, "SIGKILL");
    return daemons.map(({ name }) => name);
  }
});

/** Days until the first certificate of a file ends: of a PEM file, or of a kubeconfig's user. */
function daysLeft(file: string): number {
  const text = readFileSync(file, "utf8");
  const data = /client-certificate-data: (\S+)/.exec(text)?.[1];
  const { validTo } = new X509Certificate(
    data === undefined ? text : Buffer.from(data, "base64"),
  );
  return (Date.parse(validTo) - Date.now()) / 86_400_000;
}

function pod(name: string, pool: string, container: object, volumes = {}) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: {
      nodeSelector: { [poolLabel]: pool },
      tolerations: [{ ...gpuTaint, operator: "Equal" }],
      terminationGracePeriodSeconds: 0,
      restartPolicy: "OnFailure",
      containers: [
        { name: "main", image: clusterImages.busybox, ...container },
      ],
      ...volumes,
    },
  };
}

function sleeper(name: string, pool: string) {
  return pod(name, pool, { command: ["sleep", "3600"] });
}

function web(name: string, pool: string) {
  const serve = "echo hello >/tmp/index.html; exec httpd -f -p 8080 -h /tmp";
  return pod(name, pool, { command: ["sh", "-c", serve] });
}

function service(name: string) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
  };
}

function claim(name: string) {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1Gi" } },
    },
  };
}

function withVolume(name: string, claimName: string, script: string) {
  return pod(
    name,
    "cpu",
    {
      command: ["sh", "-c", script],
      volumeMounts: [{ name: "data", mountPath: "/data" }],
    },
    { volumes: [{ name: "data", persistentVolumeClaim: { claimName } }] },
  );
}

function writer(name: string, claimName: string) {
  return withVolume(name, claimName, "echo kept >/data/f; exec sleep 3600");
}

function reader(name: string, claimName: string) {
  return withVolume(name, claimName, "cat /data/f");
}
