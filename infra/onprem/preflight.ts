import type { Problem } from "../problem";
import type { Host } from "./hosts";
import { markFile } from "./kubeadm";

/** What a host tells of itself. */
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
  readonly containerd: boolean;
  readonly ports: readonly number[];
  readonly memoryMiB: number;
  readonly processors: number;
  /** Owner of the cluster that the host is in already; empty where it is in none, `?` where it is nobody's that we know. */
  readonly cluster: string;
}

/** What the cluster wants of its hosts. */
export interface Wanted {
  readonly version: string;
  /** The cluster's own mark; hosts that carry it are taken up again. */
  readonly owner: string;
}

/** Ports that the cluster's programs listen on, by role. */
const ports = {
  "control-plane": [6443, 2379, 2380, 10250, 10257, 10259],
  worker: [10250],
} as const;

/** Programs by the Debian package that has them; Kubernetes' own are in its repository. */
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
  },
  "control-plane": { kubectl: "kubectl" },
} as const;

function programsOf(role: Host["role"]): Readonly<Record<string, string>> {
  return role === "worker"
    ? programs.all
    : { ...programs.all, ...programs["control-plane"] };
}

/** Where the folder of the CNI programs may be. */
export const cniFolders = ["/opt/cni/bin", "/usr/lib/cni"] as const;

/** Lines that print a host's facts and change nothing. */
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
[ -S /run/containerd/containerd.sock ] && echo "containerd yes" || echo "containerd no"
awk '$4 == "0A" { split($2, part, ":"); print "port " part[2] }' /proc/net/tcp /proc/net/tcp6 2>/dev/null || true
awk '/MemTotal/ { print "memory " int($2 / 1024) }' /proc/meminfo
echo "processors $(nproc)"
if [ -e ${markFile} ]; then echo "cluster $(cat ${markFile})"
elif [ -e /etc/kubernetes/kubelet.conf ]; then echo "cluster ?"; fi
`;
}

/** Reads what {@link factsScript} printed; `now` is this machine's clock, in seconds, in the middle of the call. */
export function readFacts(output: string, now: number): Facts {
  const lines = output.split("\n").map((line) => line.trim().split(/ (.*)/s));
  const all = (key: string) =>
    lines.filter(([word]) => word === key).map(([, rest = ""]) => rest);
  const first = (key: string) => all(key)[0] ?? "";
  return {
    root: first("uid") === "0",
    kernel: first("kernel"),
    swap: Number(first("swap")) > 0,
    skew: Number(first("now")) - now,
    missing: all("missing"),
    kubeadm: first("kubeadm").replace(/^v/, ""),
    kubelet: first("kubelet").replace(/^Kubernetes v/, ""),
    containerd: first("containerd") === "yes",
    ports: [...new Set(all("port").map((hex) => Number.parseInt(hex, 16)))],
    memoryMiB: Number(first("memory")),
    processors: Number(first("processors")),
    cluster: first("cluster"),
  };
}

/** What is wrong with a host, all of it at once. */
export function judge(
  host: Host,
  facts: Facts,
  { version, owner }: Wanted,
): readonly Problem[] {
  const own = facts.cluster === owner;
  const found: [fault: string, value: unknown, remedy: string | false][] = [
    [
      "user",
      host.user,
      !facts.root && "log in as root, or let it run sudo without a password",
    ],
    [
      "kernel",
      facts.kernel,
      olderThan(facts.kernel, [5, 4]) && "Kubernetes wants 5.4 or newer",
    ],
    [
      "swap",
      "on",
      facts.swap && "run swapoff -a and take it out of /etc/fstab",
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
      "not running",
      !facts.missing.includes("containerd") &&
        !facts.containerd &&
        "start it: systemctl enable --now containerd",
    ],
    ["cluster", facts.cluster, !own && takenBy(facts.cluster)],
    ["memory", `${facts.memoryMiB} MiB`, tooSmall(host, facts)],
    ...wrongVersions(facts, version),
  ];
  const busy = ports[host.role].filter((port) => facts.ports.includes(port));
  // In a cluster, ours or another's, its own programs are on the ports.
  if (facts.cluster === "" && busy.length > 0) {
    found.push(["ports", busy, "end what listens there"]);
  }
  return found.flatMap(([fault, value, remedy]) =>
    remedy ? [{ path: `hosts.${host.name}.${fault}`, value, remedy }] : [],
  );
}

function takenBy(cluster: string): string | false {
  if (cluster === "") return false;
  return cluster === "?"
    ? "is in a cluster already; run kubeadm reset there if nobody needs it"
    : "belongs to another stack; remove it there first";
}

function tooSmall({ role }: Host, facts: Facts): string | false {
  const small = facts.memoryMiB < 1700 || facts.processors < 2;
  return (
    role === "control-plane" &&
    small &&
    "a control plane wants 2 processors and 1.7 GB"
  );
}

function wrongVersions(
  facts: Facts,
  version: string,
): [string, unknown, string | false][] {
  return (["kubeadm", "kubelet"] as const).map((program) => [
    program,
    facts[program],
    facts[program] !== "" &&
      facts[program] !== version &&
      `install ${version}, or set target.version`,
  ]);
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
