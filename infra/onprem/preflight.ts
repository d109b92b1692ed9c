import type { Problem } from "../problem";
import { cniFolders } from "../supply/toolchain/packages";
import type { Host, SshClusterInputs } from "./hosts";
import {
  type ClusterIdentity,
  type ClusterMark,
  markFile,
  membership,
  readMark,
} from "./mark";
import { compareVersions } from "./versions";

/** Facts that a host reports. */
export interface Facts {
  readonly root: boolean;
  readonly kernel: string;
  readonly swap: boolean;
  /** Seconds that its clock is ahead of this machine's. */
  readonly skew: number;
  readonly missing: readonly string[];
  /** Version of kubeadm and of kubelet; empty where they are missing. */
  readonly kubeadm: string;
  readonly kubelet: string;
  readonly containerd: "running" | "stopped" | "without CRI";
  readonly ports: readonly number[];
  readonly memoryMiB: number;
  readonly processors: number;
  readonly machineId: string;
  /** Marker file of the host's cluster; `unknown` if the host is in a cluster that this program did not create. */
  readonly cluster: ClusterMark | "unknown" | undefined;
}

/** Requirements of the cluster on a host. */
export interface Wanted
  extends Pick<SshClusterInputs, "version" | "kubelet">, ClusterIdentity {
  /** Whether kubeadm upgrades members to another version; new hosts must have that version in any case. */
  readonly upgrade: boolean;
}

/** Ports that the cluster's programs listen on, by role. */
const ports = {
  "control-plane": [6443, 2379, 2380, 10250, 10257, 10259],
  worker: [10250],
} as const;

/** Required programs and their Debian packages; Kubernetes' own packages are in Kubernetes' repository. */
const programs = {
  all: {
    kubeadm: "kubeadm",
    kubelet: "kubelet",
    containerd: "containerd",
    runc: "runc",
    iptables: "iptables",
    ip: "iproute2",
    mount: "mount",
    conntrack: "conntrack",
    base64: "coreutils",
    flock: "util-linux",
    setsid: "util-linux",
  },
  "control-plane": { kubectl: "kubectl" },
} as const;

function programsOf(role: Host["role"]): Readonly<Record<string, string>> {
  return role === "worker"
    ? programs.all
    : { ...programs.all, ...programs["control-plane"] };
}

/** Shell script that prints a host's facts and changes nothing. */
export function factsScript(role: Host["role"]): string {
  const names = Object.keys(programsOf(role)).join(" ");
  return `
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
echo "now $(date +%s.%N)"
echo "uid $(id -u)"
echo "kernel $(uname -r)"
echo "swap $(tail -n +2 /proc/swaps | wc -l)"
for program in ${names}; do command -v $program >/dev/null || echo "missing $program"; done
ls ${cniFolders.map((folder) => `${folder}/bridge`).join(" ")} 2>/dev/null | grep -q . || echo "missing bridge"
echo "kubeadm $(kubeadm version -o short 2>/dev/null)"
echo "kubelet $(kubelet --version 2>/dev/null)"
if [ ! -S /run/containerd/containerd.sock ]; then echo "containerd stopped"
elif grep -Eqs '^[[:space:]]*disabled_plugins.*"(io\\.containerd\\.grpc\\.v1\\.)?cri"' /etc/containerd/config.toml; then echo "containerd without CRI"
else echo "containerd running"; fi
awk '$4 == "0A" { split($2, part, ":"); print "port " part[2] }' /proc/net/tcp /proc/net/tcp6 2>/dev/null || true
awk '/MemTotal/ { print "memory " int($2 / 1024) }' /proc/meminfo
echo "processors $(nproc)"
echo "machine $(cat /etc/machine-id 2>/dev/null)"
if [ -e ${markFile} ]; then sed 's/^/mark /' ${markFile}
elif [ -e /etc/kubernetes/kubelet.conf ] || [ -e /etc/kubernetes/pki/ca.crt ] || [ -e /var/lib/etcd/member ]; then echo "unmarked"; fi
`;
}

/** Reads what {@link factsScript} printed; `now` is this machine's clock, in seconds, in the middle of the call. */
export function readFacts(output: string, now: number): Facts {
  const lines = output.split("\n").map((line) => line.trim().split(/ (.*)/s));
  const all = (key: string) =>
    lines.filter(([word]) => word === key).map(([, rest = ""]) => rest);
  const first = (key: string) => all(key)[0] ?? "";
  const mark = all("mark");
  const unmarked = lines.some(([word]) => word === "unmarked");
  return {
    root: first("uid") === "0",
    kernel: first("kernel"),
    swap: Number(first("swap")) > 0,
    skew: Number(first("now")) - now,
    missing: all("missing"),
    kubeadm: first("kubeadm").replace(/^v/, ""),
    kubelet: first("kubelet").replace(/^Kubernetes v/, ""),
    containerd: containerdOf(first("containerd")),
    ports: [...new Set(all("port").map((hex) => Number.parseInt(hex, 16)))],
    memoryMiB: Number(first("memory")),
    processors: Number(first("processors")),
    machineId: first("machine"),
    // A host with an unreadable marker file may be in another cluster, and is refused.
    cluster:
      mark.length > 0
        ? (readMark(mark.join("\n")) ?? "unknown")
        : unmarked
          ? "unknown"
          : undefined,
  };
}

function containerdOf(text: string): Facts["containerd"] {
  return text === "running" || text === "without CRI" ? text : "stopped";
}

/** All problems of a host. */
export function judge(
  host: Host,
  facts: Facts,
  wanted: Wanted,
): readonly Problem[] {
  const part =
    typeof facts.cluster === "object"
      ? membership(facts.cluster, wanted)
      : undefined;
  const found: Finding[] = [
    [
      "user",
      host.user,
      !facts.root && "log in as root, or let it run sudo without a password",
    ],
    ["cluster", clusterText(facts), takenBy(facts, part)],
    ...(part === "member"
      ? memberVersions(facts, wanted)
      : newHost(host, facts, wanted)),
  ];
  const busy = ports[host.role].filter((port) => facts.ports.includes(port));
  // On a member of any cluster, the cluster's own programs listen on these ports.
  if (facts.cluster === undefined && busy.length > 0) {
    found.push(["ports", busy, "end what listens there"]);
  }
  return found.flatMap(([fault, value, remedy]) =>
    remedy ? [{ path: `hosts.${host.name}.${fault}`, value, remedy }] : [],
  );
}

type Finding = [fault: string, value: unknown, remedy: string | false];

/** Requirements of a host that joins; hosts in the cluster are not checked again. */
function newHost(host: Host, facts: Facts, wanted: Wanted): Finding[] {
  return [
    [
      "kernel",
      facts.kernel,
      olderThan(facts.kernel, [5, 4]) && "Kubernetes wants 5.4 or newer",
    ],
    [
      "swap",
      "on",
      facts.swap &&
        wanted.kubelet["failSwapOn"] !== false &&
        "run swapoff -a and take it out of /etc/fstab (zram: remove zram-generator-defaults), or set target.kubelet.failSwapOn: false",
    ],
    [
      "clock",
      `${facts.skew.toFixed(1)} s off`,
      Math.abs(facts.skew) > 2 && "start a time service, such as chrony",
    ],
    [
      "programs",
      facts.missing,
      facts.missing.length > 0 && `install ${packagesFor(facts, host.role)}`,
    ],
    [
      "containerd",
      facts.containerd,
      !facts.missing.includes("containerd") && containerdRemedy(facts),
    ],
    ["memory", `${facts.memoryMiB} MiB`, tooSmall(host, facts)],
    ...(["kubeadm", "kubelet"] as const).map((program): Finding => [
      program,
      facts[program],
      facts[program] !== "" &&
        facts[program] !== wanted.version &&
        `install ${wanted.version}, or set target.version`,
    ]),
  ];
}

/** Kubelets are upgraded after the control plane, and must never be newer than it. */
function memberVersions(facts: Facts, { version, upgrade }: Wanted): Finding[] {
  return [
    [
      "kubeadm",
      facts.kubeadm,
      upgrade &&
        facts.kubeadm !== version &&
        `install kubeadm ${version}; the kubelet may follow later`,
    ],
    [
      "kubelet",
      facts.kubelet,
      facts.kubelet !== "" &&
        compareVersions(facts.kubelet, version) > 0 &&
        `is newer than the control plane; install ${version}, or set target.version`,
    ],
  ];
}

function containerdRemedy({ containerd }: Facts): string | false {
  switch (containerd) {
    case "running":
      return false;
    case "stopped":
      return "start it: systemctl enable --now containerd";
    case "without CRI":
      return "take cri out of disabled_plugins in /etc/containerd/config.toml and restart containerd";
    default:
      return containerd satisfies never;
  }
}

function clusterText({ cluster }: Facts): string | undefined {
  return typeof cluster === "object"
    ? `${cluster.id || "without an ID"} of ${cluster.owner}`
    : cluster;
}

function takenBy({ cluster }: Facts, part: string | undefined): string | false {
  if (cluster === undefined || part === "member" || part === "unfinished") {
    return false;
  }
  if (cluster === "unknown") {
    return "is in a cluster that none of this program's stacks made; run kubeadm reset there if nobody needs it";
  }
  return cluster.state === "complete"
    ? `is in a whole cluster that this stack's state does not know; to take that over as it is, set target.import: ${cluster.id || "its ID"}; to remove it, run down with the state that made it`
    : `was being taken into a cluster of another stack; finish or remove that one, or remove ${markFile} and run kubeadm reset there if nobody needs it`;
}

function tooSmall({ role }: Host, facts: Facts): string | false {
  const small = facts.memoryMiB < 1700 || facts.processors < 2;
  return (
    role === "control-plane" &&
    small &&
    "a control plane wants 2 processors and 1.7 GB"
  );
}

function packagesFor({ missing }: Facts, role: Host["role"]): string {
  const packages = programsOf(role);
  const names = missing.map(
    (program) => packages[program] ?? "containernetworking-plugins",
  );
  return [...new Set(names)].join(", ");
}

function olderThan(
  version: string,
  [major, minor]: readonly [number, number],
): boolean {
  const [a = 0, b = 0] = version.split(/[.-]/).map(Number);
  return a < major || (a === major && b < minor);
}

/** Problems of hosts with the same machine ID, such as cloned images: the cluster would take them for one. */
export function sameMachines(
  all: readonly { readonly host: Host; readonly facts: Facts }[],
): readonly Problem[] {
  return all.flatMap(({ host, facts: { machineId } }, index) => {
    const twin = all
      .slice(0, index)
      .find(({ facts }) => machineId !== "" && facts.machineId === machineId);
    const remedy = `is that of ${twin?.host.name} too; run rm /etc/machine-id && systemd-machine-id-setup, and restart`;
    return twin
      ? [{ path: `hosts.${host.name}.machine-id`, value: machineId, remedy }]
      : [];
  });
}

/** Shell script that prints the addresses and ports that a host cannot reach; a refused connection counts as reached. */
export function reachScript(self: Host, all: readonly Host[]): string {
  const targets = all
    .filter(({ name }) => name !== self.name)
    .flatMap(({ address, role }) =>
      portsBetween(self.role, role).map((port) => `${address}/${port}`),
    );
  return `
command -v bash >/dev/null && command -v timeout >/dev/null || exit 0
for target in ${targets.join(" ")}; do
  (
    said=$(LC_ALL=C timeout 3 bash -c "exec 3<>/dev/tcp/$target" 2>&1) && exit 0
    case $said in *refused*) ;; *) echo "$target" ;; esac
  ) &
done
wait
`;
}

function portsBetween(from: Host["role"], to: Host["role"]): readonly number[] {
  if (from === "worker") return to === "worker" ? [] : [6443];
  return to === "worker" ? [10250] : [6443, 2379, 2380, 10250];
}

/** Parses the output of {@link reachScript} into problems. */
export function readReach(
  self: Host,
  output: string,
  all: readonly Host[],
): readonly Problem[] {
  return output
    .split("\n")
    .filter(Boolean)
    .map((target) => {
      const [address = "", port] = target.split("/");
      const name = all.find((host) => host.address === address)?.name;
      return {
        path: `hosts.${self.name}.network`,
        value: `${address}:${port}`,
        remedy: `does not reach ${name}; let TCP port ${port} through between the hosts (firewalld, security groups)`,
      };
    });
}
