import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

import { PlainError, run } from "../process";
import type { Step } from "../step";

/** A package of the distribution, and a file by which one sees that it is there. */
export interface SystemPackage {
  /** Debian's name, which Ubuntu's is too. */
  readonly name: string;
  /** Fedora's name, which that of RHEL and its kin is too, where it is another. */
  readonly fedora?: string;
  /** Absolute paths, any of which will do, or the name of a program. */
  readonly provides: string | readonly string[];
  /** Purpose. */
  readonly use: string;
}

/**
 * Possible folders of the CNI programs: in Debian and Ubuntu, from upstream (as in Docker's and kubeadm's guides), in
 * Fedora.
 */
export const cniFolders = [
  "/usr/lib/cni",
  "/opt/cni/bin",
  "/usr/libexec/cni",
] as const;

/** Programs of CNI that the clusters on machines and hosts call. */
export const cniPrograms = [
  "bridge",
  "host-local",
  "loopback",
  "portmap",
] as const;

/** Distribution packages of a cluster on this machine. Docker's containerd.io includes runc. */
export const CLUSTER_PACKAGES: readonly SystemPackage[] = [
  { name: "runc", provides: "runc", use: "runs the containers" },
  {
    name: "containernetworking-plugins",
    provides: cniFolders.map((folder) => join(folder, "bridge")),
    use: "gives pods their addresses",
  },
  {
    name: "iptables",
    fedora: "iptables-nft",
    provides: "iptables",
    use: "routes services to pods",
  },
  {
    name: "iproute2",
    fedora: "iproute",
    provides: "ip",
    use: "makes the nodes' networks",
  },
  {
    name: "conntrack",
    fedora: "conntrack-tools",
    provides: "conntrack",
    use: "cleans up connections",
  },
  {
    name: "slirp4netns",
    provides: "slirp4netns",
    use: "lets pods reach what this machine reaches",
  },
  { name: "util-linux", provides: "nsenter", use: "enters namespaces" },
  {
    name: "mount",
    fedora: "util-linux",
    provides: "mount",
    use: "mounts the nodes' folders",
  },
];

const BUILDAH: SystemPackage = {
  name: "buildah",
  provides: "buildah",
  use: "builds images",
};

/** Distribution packages for image builds where neither Docker nor Podman works. */
export const BUILDER_PACKAGES: readonly SystemPackage[] = [
  BUILDAH,
  {
    name: "ca-certificates",
    provides: [
      "/etc/ssl/certs/ca-certificates.crt",
      "/etc/pki/tls/certs/ca-bundle.crt",
    ],
    use: "reaches registries",
  },
];

/** Distribution packages for building upstream images where registries cannot be reached. */
export const IMAGE_PACKAGES: readonly SystemPackage[] = [
  ...BUILDER_PACKAGES,
  { name: "debootstrap", provides: "debootstrap", use: "makes the base image" },
  {
    name: "debian-archive-keyring",
    fedora: "debian-keyring",
    provides: ["/usr/share/keyrings/debian-archive-keyring.gpg"],
    use: "checks the base image's packages",
  },
];

/** Path of a program, or undefined; looks where root's programs lie as well. */
export function findProgram(name: string): string | undefined {
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    "/usr/local/sbin",
    "/usr/sbin",
    "/sbin",
  ];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** Folder with the programs of CNI; Debian's where there is none yet. */
export function cniFolder(): string {
  return (
    cniFolders.find((folder) => existsSync(join(folder, "bridge"))) ??
    cniFolders[0]
  );
}

/** Whether what a package provides is there, wherever it came from. */
export function isInstalled({ provides }: SystemPackage): boolean {
  return typeof provides === "string"
    ? findProgram(provides) !== undefined
    : provides.some((path) => existsSync(path));
}

/** A family of distributions: how its packages are installed, and what they are called. */
export interface Distribution {
  readonly name: (wanted: SystemPackage) => string;
  /** Calls that install packages, in turn. */
  readonly install: (
    names: readonly string[],
  ) => readonly (readonly string[])[];
}

const debian: Distribution = {
  name: ({ name }) => name,
  install: (names) => [
    ["apt-get", "update"],
    ["apt-get", "install", "--yes", "--no-install-recommends", ...names],
  ],
};

const fedora: Distribution = {
  name: ({ name, fedora }) => fedora ?? name,
  install: (names) => [
    [
      "dnf",
      "install",
      "--assumeyes",
      "--setopt=install_weak_deps=False",
      ...names,
    ],
  ],
};

/**
 * The family of a machine, by its own word; undefined where packages of neither family can be installed.
 *
 * @param osRelease text of /etc/os-release
 */
export function distributionOf(osRelease: string): Distribution | undefined {
  const words = /^ID(?:_LIKE)?=.*$/gm;
  const names = (osRelease.match(words) ?? []).join(" ");
  if (/\b(debian|ubuntu)\b/.test(names)) return debian;
  return /\b(fedora|rhel|centos)\b/.test(names) ? fedora : undefined;
}

/** The family of this machine. */
export function distribution(): Distribution | undefined {
  const path = "/etc/os-release";
  return existsSync(path)
    ? distributionOf(readFileSync(path, "utf8"))
    : undefined;
}

/** Whether this run can install what is missing. */
export function canInstall(): boolean {
  const [first] = distribution()?.install([]) ?? [];
  return (
    process.getuid?.() === 0 &&
    first?.[0] !== undefined &&
    findProgram(first[0]) !== undefined
  );
}

/** One step that installs what is missing; none where nothing is. */
export function packageSteps(packages: readonly SystemPackage[]): Step[] {
  const missing = packages.filter((wanted) => !isInstalled(wanted));
  if (missing.length === 0) return [];
  const family = distribution();
  const names = [
    ...new Set(missing.map((wanted) => (family ?? debian).name(wanted))),
  ];
  return [
    {
      id: "packages",
      title: `Install the packages ${names.join(", ")}`,
      minutes: 1,
      gibibytes: 0.3,
      run: async (context) => {
        if (family === undefined || !canInstall()) {
          throw new PlainError(
            `Missing: ${names.join(", ")}. Install them with this system's package manager, or run as root where there is apt-get or dnf`,
          );
        }
        for (const [program = "", ...args] of family.install(names))
          await run(program, args, {
            ...context,
            env: { DEBIAN_FRONTEND: "noninteractive" },
          });
      },
    },
  ];
}
