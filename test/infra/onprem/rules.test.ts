import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";

import fc from "fast-check";

import { onprem } from "../../../infra/onprem";
import {
  compareHosts,
  type Host,
  inOrder,
  sshClusterSchema,
} from "../../../infra/onprem/hosts";
import { initDocuments, joinDocument } from "../../../infra/onprem/kubeadm";
import { networkScript } from "../../../infra/onprem/network";
import { type Facts, judge, readFacts } from "../../../infra/onprem/preflight";
import { gpuTaint } from "../../../infra/placement";
import { sshCluster } from "../../../infra/provider/ssh-cluster";
import { pool, problemsOf, remedyAt } from "../problems";

const key = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
}).privateKey;

const target = {
  kind: "onprem",
  ssh: { key },
  images: { prefix: "registry.example/ml" },
  hosts: [
    { name: "control", address: "10.0.0.11", role: "control-plane" },
    { name: "one", address: "10.0.0.12", pool: "cpu" },
  ],
};

function host(name: string, changes: Partial<Host> = {}): Host {
  return {
    name,
    address: "10.0.0.11",
    port: 22,
    user: "root",
    key: "key",
    role: "worker",
    labels: {},
    taints: [],
    ...changes,
  };
}

const fit: Facts = {
  root: true,
  kernel: "6.1.0-18-amd64",
  swap: false,
  skew: 0.1,
  missing: [],
  kubeadm: "1.35.4",
  kubelet: "1.35.4",
  containerd: true,
  ports: [22],
  memoryMiB: 4096,
  processors: 4,
  cluster: "",
};
const wanted = { version: "1.35.4", owner: "urn:a" };

function faults(facts: Partial<Facts>, role: Host["role"] = "worker") {
  return judge(host("one", { role }), { ...fit, ...facts }, wanted).map(
    ({ path, remedy }) => `${path}: ${remedy}`,
  );
}

describe("on-prem configuration", () => {
  it("takes what fits", () => {
    assert.deepEqual(problemsOf(onprem, target, [pool({})]), []);
  });

  it("wants one or three control-plane hosts, and an address before three", () => {
    const controls = (count: number) => ({
      ...target,
      hosts: [
        ...Array.from({ length: count }, (_, index) => ({
          name: `control-${index}`,
          address: `10.0.0.${20 + index}`,
          role: "control-plane",
        })),
        target.hosts[1],
      ],
    });
    for (const count of [0, 2, 4]) {
      assert.match(
        problemsOf(onprem, controls(count), [pool({})]).join(),
        /^target\.hosts: give one or three/,
      );
    }
    assert.match(
      problemsOf(onprem, controls(3), [pool({})]).join(),
      /^target\.endpoint: set the address/,
    );
    const endpoint = "10.0.0.5:6443";
    assert.deepEqual(
      problemsOf(onprem, { ...controls(3), endpoint }, [pool({})]),
      [],
    );
  });

  it("wants a range of pods for each host", () => {
    const hosts = Array.from({ length: 7 }, (_, index) => ({
      name: `w${index}`,
      address: `10.0.0.${20 + index}`,
      ...(index === 0 ? { role: "control-plane" } : { pool: "cpu" }),
    }));
    const told = (pods: string) =>
      problemsOf(onprem, { ...target, hosts, network: { pods } }, [
        pool({ min: 6, max: 6 }),
      ]);
    assert.deepEqual(told("10.244.0.0/21"), []);
    assert.match(
      told("10.244.0.0/22").join(),
      /^target\.network\.pods: holds the pods of 4 nodes, .* up to 7; write a range of \/21 or wider$/,
    );
  });

  it("names every host that does not fit", () => {
    const hosts = [
      ...target.hosts,
      { name: "one", address: "10.0.0.12", pool: "gpu" },
      { name: "two", address: "10.0.0.13" },
    ];
    assert.deepEqual(problemsOf(onprem, { ...target, hosts }, [pool({})]), [
      "target.hosts[2].pool: no such pool; choose one of cpu",
      "target.hosts[2].name: give each host a name of its own",
      "target.hosts[2].address: give each host an address of its own",
      "target.hosts[3].pool: name one of the pools: cpu",
    ]);
  });

  it("wants the hosts that the pools promise, and no spot", () => {
    const wrong = [
      pool({ min: 2 }),
      pool({ name: "gpu", spot: true, gpu: { count: 1 } }),
    ];
    assert.deepEqual(problemsOf(onprem, target, wrong), [
      "pools[0].min: target.hosts has 1 of pool cpu; write 1, or change the hosts",
      "pools[1].spot: hosts of one's own are not taken away; write false",
      "pools[1].min: target.hosts has 0 of pool gpu; add one, or change the hosts",
    ]);
  });

  it("asks for a key that is missing, and never shows one that is wrong", () => {
    assert.match(
      problemsOf(onprem, { ...target, ssh: {} }, [pool({})]).join(),
      /^target\.ssh\.key: set the private key: pulumi config set --secret/,
    );
    const wrong = onprem.checkPools(
      [pool({})],
      onprem.schema.parse({ ...target, ssh: { key: "not a key" } }),
    );
    assert.match(wrong[0]?.remedy ?? "", /no private key/);
    assert.doesNotMatch(JSON.stringify(wrong), /not a key/);
  });

  it("refuses ranges that overlap each other, or have hosts in them", () => {
    const network = { pods: "10.0.0.0/16", services: "10.0.128.0/20" };
    assert.deepEqual(
      problemsOf(onprem, { ...target, network }, [pool({})]).map(
        (line) => line.split(";")[0],
      ),
      [
        "target.network.services: overlaps target.network.pods (10.0.0.0/16)",
        "target.network.pods: target.hosts[0].address (10.0.0.11) lies in it",
        "target.network.pods: target.hosts[1].address (10.0.0.12) lies in it",
      ],
    );
  });

  it("refuses an endpoint for objects that is no URL", () => {
    const objects = { kind: "s3", endpoint: "minio:9000", keys: {} };
    assert.notEqual(
      remedyAt(onprem, { ...target, objects }, "objects.endpoint"),
      "",
    );
  });
});

describe("hosts before anything is changed", () => {
  it("are fit, or say all that keeps them from it", () => {
    assert.deepEqual(faults({}), []);
    assert.deepEqual(
      faults({
        root: false,
        kernel: "4.19.0-26-amd64",
        swap: true,
        skew: -31,
        missing: ["conntrack", "bridge"],
        kubelet: "1.34.1",
        containerd: false,
        ports: [10250],
      }),
      [
        "hosts.one.user: log in as root, or let it run sudo without a password",
        "hosts.one.kernel: Kubernetes wants 5.4 or newer",
        "hosts.one.swap: run swapoff -a and take it out of /etc/fstab",
        "hosts.one.clock: start a time service, such as chrony",
        "hosts.one.programs: install conntrack, containernetworking-plugins",
        "hosts.one.containerd: start it: systemctl enable --now containerd",
        "hosts.one.kubelet: install 1.35.4, or set target.version",
        "hosts.one.ports: end what listens there",
      ],
    );
  });

  it("may be in the cluster that they are for, and in no other", () => {
    assert.deepEqual(faults({ cluster: "urn:a", ports: [10250] }), []);
    assert.match(faults({ cluster: "urn:b" }).join(), /another stack/);
    assert.match(faults({ cluster: "?" }).join(), /kubeadm reset/);
  });

  it("are large enough for a control plane", () => {
    assert.deepEqual(faults({ processors: 1 }), []);
    assert.match(
      faults({ processors: 1 }, "control-plane").join(),
      /2 processors/,
    );
  });

  it("are read as they print themselves", () => {
    const printed = [
      "now 1000.5",
      "uid 0",
      "kernel 6.1.0",
      "swap 1",
      "missing conntrack",
      "kubeadm v1.35.4",
      "kubelet Kubernetes v1.35.4",
      "containerd yes",
      "port 0016",
      "port 280A",
      "memory 4096",
      "processors 4",
      "cluster urn:a",
      "",
    ].join("\n");
    assert.deepEqual(readFacts(printed, 1000), {
      ...fit,
      kernel: "6.1.0",
      swap: true,
      skew: 0.5,
      missing: ["conntrack"],
      ports: [22, 10250],
      cluster: "urn:a",
    });
  });
});

describe("changes of hosts", () => {
  it("keep every host that stays, and take up a changed one anew", () => {
    const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"));
    const hosts = names.map((list) => list.map((name) => host(name)));
    fc.assert(
      fc.property(hosts, hosts, (olds, news) => {
        const { removed, added, kept } = compareHosts(olds, news);
        const sorted = (list: readonly Host[]) =>
          list.map(({ name }) => name).sort();
        assert.deepEqual(sorted([...kept, ...added]), sorted(news));
        assert.deepEqual(sorted([...kept, ...removed]), sorted(olds));
      }),
    );
    const changed = compareHosts(
      [host("a")],
      [host("a", { labels: { pool: "gpu" } })],
    );
    assert.deepEqual(
      [changed.removed.length, changed.added.length, changed.kept.length],
      [1, 1, 0],
    );
    // How a host is reached says nothing of what it does.
    const rekeyed = compareHosts([host("a")], [host("a", { key: "other" })]);
    assert.equal(rekeyed.kept.length, 1);
  });

  it("replace the cluster only where its first host goes", async () => {
    const inputs = (hosts: readonly Host[]) =>
      sshClusterSchema.parse({
        name: "a",
        version: "1.35.4",
        endpoint: "10.0.0.11:6443",
        pods: "10.244.0.0/16",
        services: "10.96.0.0/16",
        hosts,
      });
    const control = host("control", { role: "control-plane" });
    const olds = inputs([control, host("one")]);
    const outs = { ...olds, kubeconfig: "", fingerprints: {} };
    const diff = (hosts: readonly Host[]) =>
      sshCluster.diff?.("a", outs, olds, inputs(hosts));
    assert.deepEqual(await diff([control]), { update: ["hosts", "version"] });
    const other = host("control", {
      role: "control-plane",
      address: "10.0.0.99",
    });
    assert.deepEqual(await diff([other, host("one")]), {
      update: ["version"],
      replace: ["hosts"],
    });
  });
});

describe("what hosts are told", () => {
  const inputs = sshClusterSchema.parse({
    name: "a",
    version: "1.35.4",
    endpoint: "10.0.0.5:6443",
    pods: "10.244.0.0/16",
    services: "10.96.0.0/16",
    hosts: [
      host("one", {
        labels: { "mlstack.dev/pool": "gpu" },
        taints: [gpuTaint],
      }),
      host("control", { role: "control-plane" }),
    ],
  });

  it("has labels and taints in what the node registers with", () => {
    const [worker, control] = inputs.hosts;
    assert.ok(worker && control);
    const invitation = { token: "t", authority: "sha256:a" };
    const joined = JSON.parse(joinDocument(inputs, worker, invitation));
    assert.deepEqual(joined.nodeRegistration.taints, [gpuTaint]);
    assert.deepEqual(joined.nodeRegistration.kubeletExtraArgs[1], {
      name: "node-labels",
      value: "mlstack.dev/pool=gpu",
    });
    assert.equal(joined.controlPlane, undefined);
    assert.match(initDocuments(inputs, control), /"taints": \[\]/);
  });

  it("joins the control plane before the workers", () => {
    assert.deepEqual(
      inOrder(inputs.hosts).map(({ name }) => name),
      ["control", "one"],
    );
  });

  it("routes to every other host's pods, and not to its own", () => {
    const [one, control] = inputs.hosts;
    assert.ok(one && control);
    const script = networkScript(
      one,
      [
        { host: one, range: "10.244.0.0/24" },
        { host: control, range: "10.244.1.0/24" },
      ],
      inputs.pods,
    );
    assert.match(script, /ip route replace 10\.244\.1\.0\/24 via/);
    assert.doesNotMatch(script, /route replace 10\.244\.0\.0\/24/);
    assert.match(script, /-A POSTROUTING -s 10\.244\.0\.0\/16 ! -d 10\.244/);
  });
});
