import { existsSync } from "node:fs";
import { access, constants, readFile, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";

import { overlaps, parseCidr } from "../network/cidr";
import type { Problem } from "../problem";
import {
  cniFolder,
  cniPrograms,
  CLUSTER_PACKAGES,
  distribution,
  findProgram,
  type SystemPackage,
} from "../supply/toolchain/packages";
import { managing, parseHierarchies, requiredControllers } from "./cgroups";
import type { FindTool } from "./control-plane";
import { execute } from "./execute";
import type { ClusterInputs } from "./inputs";
import { Layout } from "./layout";
import { clusterImages, missingImages } from "./registry";

const minimumFreeBytes = 8 * 1024 ** 3;
const overlayMagic = 0x794c7630;
const tmpfsMagic = 0x01021994;

/** Programs of the toolchain that a cluster runs. */
export const clusterTools = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kube-proxy",
  "kubeadm",
  "kubectl",
  "kubelet",
  "containerd",
  "containerd-shim-runc-v2",
  "registry",
] as const;

/** Preflight problems of this machine; changes nothing. */
export async function preflight(
  inputs: ClusterInputs,
  tool: FindTool,
): Promise<Problem[]> {
  if (process.platform !== "linux") {
    return [
      {
        path: "target.kind",
        value: "local",
        remedy: `runs on Linux only, and this is ${process.platform}; set target.kind: existing`,
      },
    ];
  }
  if (process.getuid?.() !== 0) {
    return [
      {
        path: "target.kind",
        value: "local",
        remedy: "must run as root; use sudo, or set target.kind: existing",
      },
    ];
  }
  const found = await Promise.all([
    programProblems(tool),
    imageProblems(inputs),
    folderProblems(inputs),
    cgroupProblems(),
    addressProblems(inputs),
    inotifyProblems(inputs),
  ]);
  const problems = found.flat();
  // The kernel is asked by means of the programs.
  return problems.length > 0 ? problems : kernelProblems();
}

function programProblems(tool: FindTool): Problem[] {
  const packageName = (wanted: SystemPackage) =>
    distribution()?.name(wanted) ?? wanted.name;
  const missing = CLUSTER_PACKAGES.flatMap((wanted) =>
    typeof wanted.provides === "string" && !findProgram(wanted.provides)
      ? [
          {
            path: "PATH",
            value: wanted.provides,
            remedy: `is not there; install the package ${packageName(wanted)}`,
          },
        ]
      : [],
  );
  const cni = cniPrograms
    .filter((name) => !existsSync(join(cniFolder(), name)))
    .map((name) => ({
      path: cniFolder(),
      value: name,
      remedy: "is not there; install the package containernetworking-plugins",
    }));
  const unbuilt = clusterTools
    .filter((name) => !existsSync(tool(name)))
    .map((name) => ({
      path: "toolchain",
      value: tool(name),
      remedy:
        "is not built; npm run up builds it, npm run doctor shows what is missing",
    }));
  return [...missing, ...cni, ...unbuilt];
}

function imageProblems({ registryStorage }: ClusterInputs): Problem[] {
  return missingImages(registryStorage, Object.values(clusterImages)).map(
    (image) => ({
      path: "images",
      value: image,
      remedy: `is not in ${registryStorage}, from which the nodes pull; npm run up puts it there`,
    }),
  );
}

async function folderProblems({ dataDir }: ClusterInputs): Promise<Problem[]> {
  const folder = nearestFolder(dataDir);
  try {
    await access(folder, constants.W_OK);
  } catch {
    return [
      {
        path: "target.dataDir",
        value: dataDir,
        remedy: "cannot be written to; choose another folder",
      },
    ];
  }
  const { bavail, bsize, type } = await statfs(folder);
  const problems: Problem[] = [];
  if (bavail * bsize < minimumFreeBytes) {
    problems.push({
      path: "target.dataDir",
      value: dataDir,
      remedy: `has ${gibibytes(bavail * bsize)} GiB free and needs ${gibibytes(minimumFreeBytes)}; free some, or choose a folder on another disk`,
    });
  }
  if (type === overlayMagic || type === tmpfsMagic) {
    problems.push({
      path: "target.dataDir",
      value: dataDir,
      remedy:
        "lies in a container's layers or in memory, where images cannot be unpacked; choose a folder on a disk",
    });
  }
  return problems;
}

function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}

function gibibytes(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}

async function cgroupProblems(): Promise<Problem[]> {
  const hierarchies = managing(
    parseHierarchies(await readFile("/proc/self/mountinfo", "utf8")),
  );
  const unified = hierarchies.find(({ version }) => version === 2);
  const available = unified
    ? (await readFile(join(unified.mount, "cgroup.controllers"), "utf8"))
        .trim()
        .split(" ")
    : hierarchies.flatMap(({ controllers }) => controllers);
  const missing = requiredControllers
    .filter((controller) => !available.includes(controller))
    .map((controller) => ({
      path: "/sys/fs/cgroup",
      value: controller,
      remedy:
        "is not mounted; mount this cgroup controller, or set target.kind: existing",
    }));
  const closed = await Promise.all(
    hierarchies.map(({ mount }) =>
      access(mount, constants.W_OK).then(
        () => [],
        () => [
          {
            path: mount,
            value: "cgroup",
            remedy:
              "cannot be written to; run outside of a restricted container, or set target.kind: existing",
          },
        ],
      ),
    ),
  );
  return [...missing, ...closed.flat()];
}

async function inotifyProblems({ pools }: ClusterInputs): Promise<Problem[]> {
  const nodes = pools.reduce((sum, { count }) => sum + count, 0);
  const limits = await Promise.all(
    (["max_user_instances", "max_user_watches"] as const).map(
      async (name) =>
        [
          name,
          Number(await readFile(`/proc/sys/fs/inotify/${name}`, "utf8")),
        ] as const,
    ),
  );
  return lackOfInotify(nodes, Object.fromEntries(limits));
}

/**
 * Problems with the inotify limits for the cluster's daemons: below them, kubelets end or stop seeing containers, with
 * "too many open files".
 */
export function lackOfInotify(
  nodes: number,
  limits: Readonly<Record<string, number>>,
): Problem[] {
  // A machine was seen to take 9 to 13 instances and 660 watches; pods take some more.
  const machines = nodes + 1;
  const needed = {
    max_user_instances: machines * 16,
    max_user_watches: machines * 2048,
  };
  return Object.entries(needed)
    .filter(([name, least]) => (limits[name] ?? 0) < least)
    .map(([name, least]) => ({
      path: `fs.inotify.${name}`,
      value: limits[name],
      remedy: `is too few for ${nodes} nodes; write sysctl -w fs.inotify.${name}=${2 ** Math.ceil(Math.log2(least))}, and the same in /etc/sysctl.d to keep it`,
    }));
}

async function addressProblems(inputs: ClusterInputs): Promise<Problem[]> {
  const layout = new Layout(inputs);
  const routes = await execute("ip", [
    "-4",
    "-o",
    "route",
    "show",
    "table",
    "main",
  ]);
  const used = parseRoutes(routes).filter(
    ({ device }) => device !== layout.hostLink,
  );
  return (["subnet", "podCidr", "serviceCidr"] as const).flatMap((key) => {
    const own = parseCidr(inputs[key]);
    const clash = used.find(({ range }) => {
      const other = parseCidr(range);
      return own && other && overlaps(own, other);
    });
    return clash
      ? [
          {
            path: `target.${key}`,
            value: inputs[key],
            remedy: `overlaps ${clash.range}, which this machine reaches through ${clash.device}; choose another range`,
          },
        ]
      : [];
  });
}

/** Ranges that `ip route show` says lead somewhere, without the default route. */
export function parseRoutes(text: string): { range: string; device: string }[] {
  return text.split("\n").flatMap((line) => {
    const match =
      /^(?:unicast |blackhole |unreachable )?([\d.]+(?:\/\d+)?) (?:.* )?dev (\S+)/.exec(
        line,
      );
    if (!match?.[1] || !match[2]) return [];
    return [
      {
        range: match[1].includes("/") ? match[1] : `${match[1]}/32`,
        device: match[2],
      },
    ];
  });
}

// Each line is tried in namespaces that end with the shell, since only trying tells: a feature may be built in, be a
// module that loads on first use, or be forbidden to this container.
const trials: readonly { readonly what: string; readonly line: string }[] = [
  { what: "veth", line: "ip link add trial0 type veth peer name trial1" },
  { what: "bridge", line: "ip link add trial2 type bridge" },
  {
    what: "overlay",
    line: "grep -qw overlay /proc/filesystems || modprobe overlay",
  },
  {
    what: "iptables nat",
    line: "iptables -w -t nat -A POSTROUTING -j MASQUERADE",
  },
  {
    what: "iptables DNAT",
    line: "iptables -w -t nat -A PREROUTING -p tcp -j DNAT --to-destination 192.0.2.1:1",
  },
  {
    what: "iptables comment",
    line: "iptables -w -A FORWARD -m comment --comment trial -j ACCEPT",
  },
  {
    what: "iptables conntrack",
    line: "iptables -w -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
  },
  {
    what: "iptables mark",
    line: "iptables -w -t nat -A PREROUTING -m mark --mark 1 -j MARK --set-xmark 2",
  },
  {
    what: "iptables statistic",
    line: "iptables -w -t nat -A PREROUTING -m statistic --mode random --probability 0.5 -j ACCEPT",
  },
  {
    what: "iptables addrtype",
    line: "iptables -w -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j ACCEPT",
  },
];

async function kernelProblems(): Promise<Problem[]> {
  const script = trials
    .map(({ line }, index) => `(${line}) >/dev/null 2>&1 || echo ${index}`)
    .join("\n");
  let output: string;
  try {
    output = await execute("unshare", [
      "--net",
      "--mount",
      "--uts",
      "--ipc",
      "--pid",
      "--fork",
      "sh",
      "-c",
      script,
    ]);
  } catch (error) {
    return [
      {
        path: "kernel",
        value: "namespaces",
        remedy: `cannot be made (${String(error)}); run outside of a restricted container, or set target.kind: existing`,
      },
    ];
  }
  return output
    .split("\n")
    .filter(Boolean)
    .map((index) => ({
      path: "kernel",
      value: trials[Number(index)]?.what,
      remedy:
        "does not work; load or build in this kernel feature, or set target.kind: existing",
    }));
}
