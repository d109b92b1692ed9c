import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import type { Host } from "../../../infra/onprem/hosts";
import type { ClusterMark } from "../../../infra/onprem/mark";
import {
  type Facts,
  factsScript,
  judge,
  reachScript,
  readFacts,
  readReach,
  sameMachines,
} from "../../../infra/onprem/preflight";
import { host } from "./host";

const fit: Facts = {
  root: true,
  kernel: "6.1.0-18-amd64",
  swap: false,
  skew: 0.1,
  missing: [],
  kubeadm: "1.35.4",
  kubelet: "1.35.4",
  containerd: "running",
  ports: [22],
  memoryMiB: 4096,
  processors: 4,
  machineId: "",
  cluster: undefined,
};
const wanted = {
  version: "1.35.4",
  kubelet: {},
  id: "own",
  owner: "urn:a",
  upgrade: false,
};

function faults(
  facts: Partial<Facts>,
  role: Host["role"] = "worker",
  changes: Partial<typeof wanted> = {},
) {
  return judge(
    host("one", { role }),
    { ...fit, ...facts },
    { ...wanted, ...changes },
  ).map(({ path, remedy }) => `${path}: ${remedy}`);
}

const mark = (changes: Partial<ClusterMark>): ClusterMark => ({
  id: "own",
  owner: "urn:a",
  state: "complete",
  ...changes,
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
        containerd: "stopped",
        ports: [10250],
      }).map((line) => line.split(/ \(|,/)[0]),
      [
        "hosts.one.user: log in as root",
        "hosts.one.kernel: Kubernetes wants 5.4 or newer",
        "hosts.one.swap: run swapoff -a and take it out of /etc/fstab",
        "hosts.one.clock: start a time service",
        "hosts.one.programs: install conntrack",
        "hosts.one.containerd: start it: systemctl enable --now containerd",
        "hosts.one.kubelet: install 1.35.4",
        "hosts.one.ports: end what listens there",
      ],
    );
  });

  it("may swap where the kubelet is told so", () => {
    const kubelet = { failSwapOn: false };
    assert.deepEqual(faults({ swap: true }, "worker", { kubelet }), []);
  });

  it("need the runtime's interface, which Docker's packages turn off", () => {
    assert.match(
      faults({ containerd: "without CRI" }).join(),
      /take cri out of disabled_plugins/,
    );
  });

  it("may be in the cluster that they are for, and in no other", () => {
    const busy = { ports: [10250] };
    assert.deepEqual(faults({ cluster: mark({}), ...busy }), []);
    assert.deepEqual(faults({ cluster: mark({ state: "begun" }) }), []);
    const another = faults({ cluster: mark({ id: "another" }) }).join();
    assert.match(another, /whole cluster .* set target\.import: another/);
    assert.match(
      faults({
        cluster: mark({ owner: "urn:b", state: "begun", id: "x" }),
      }).join(),
      /cluster of another stack/,
    );
    assert.match(faults({ cluster: "unknown" }).join(), /kubeadm reset/);
  });

  it("are judged by less once they are members", () => {
    const cluster = mark({});
    assert.deepEqual(faults({ cluster, swap: true, kernel: "4.19" }), []);
    // The control plane is upgraded first, by kubeadm; no kubelet may be newer than it.
    const upgrade = { version: "1.36.0", upgrade: true };
    assert.deepEqual(
      faults({ cluster, kubeadm: "1.36.0" }, "worker", upgrade),
      [],
    );
    assert.match(
      faults({ cluster }, "worker", upgrade).join(),
      /^hosts\.one\.kubeadm: install kubeadm 1\.36\.0/,
    );
    assert.match(
      faults({ cluster, kubelet: "1.36.0" }).join(),
      /^hosts\.one\.kubelet: is newer than the control plane/,
    );
  });

  it("are large enough for a control plane", () => {
    assert.deepEqual(faults({ processors: 1 }), []);
    assert.match(
      faults({ processors: 1 }, "control-plane").join(),
      /2 processors/,
    );
  });

  it("are machines of their own", () => {
    const facts = { ...fit, machineId: "7f" };
    const twins = [host("one"), host("two")].map((each) => ({
      host: each,
      facts,
    }));
    assert.deepEqual(
      sameMachines(twins).map(({ path }) => path),
      ["hosts.two.machine-id"],
    );
    const unknown = twins.map((each) => ({ ...each, facts: fit }));
    assert.deepEqual(sameMachines(unknown), []);
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
      "containerd running",
      "port 0016",
      "port 280A",
      "memory 4096",
      "processors 4",
      "machine 7f",
      "mark id own",
      "mark owner urn:a",
      "mark state complete",
      "",
    ].join("\n");
    assert.deepEqual(readFacts(printed, 1000), {
      ...fit,
      kernel: "6.1.0",
      swap: true,
      skew: 0.5,
      missing: ["conntrack"],
      ports: [22, 10250],
      machineId: "7f",
      cluster: mark({}),
    });
    const broken = printed.replace(/mark (owner|state).*\n/g, "");
    assert.equal(readFacts(broken, 1000).cluster, "unknown");
    assert.equal(readFacts("unmarked\n", 1000).cluster, "unknown");
  });

  it("tell of this machine what it is", () => {
    const printed = execFileSync("sh", ["-eu"], {
      input: factsScript("control-plane"),
      encoding: "utf8",
    });
    const facts = readFacts(printed, Date.now() / 1000);
    assert.ok(Math.abs(facts.skew) < 2, `${facts.skew}`);
    assert.ok(facts.memoryMiB > 0 && facts.processors > 0);
    assert.equal(facts.root, process.getuid?.() === 0);
  });

  it("reach each other's ports, whether anybody listens there yet or not", function () {
    if (process.getuid?.() !== 0) this.skip();
    const all = [
      host("control", { role: "control-plane", address: "10.9.0.1" }),
      host("away", { role: "worker", address: "10.9.0.2" }),
    ];
    const [control, worker] = all;
    assert.ok(control && worker);
    const printed = (self: Host) =>
      execFileSync("unshare", ["--net", "sh", "-eu"], {
        input: `
PATH=$PATH:/usr/sbin:/sbin
ip link set lo up
ip link add wire type veth peer name end
ip link set end up
ip address add 10.9.0.1/24 dev wire
ip link set wire up
${reachScript(self, all)}`,
        encoding: "utf8",
      });
    // Nobody listens on the one address, and nobody has the other.
    assert.equal(printed(worker), "");
    assert.deepEqual(
      readReach(control, printed(control), all).map(
        ({ path, value, remedy }) => `${path} ${String(value)} ${remedy}`,
      ),
      [
        "hosts.control.network 10.9.0.2:10250 does not reach away; let TCP port 10250 through between the hosts (firewalld, security groups)",
      ],
    );
  });
});
