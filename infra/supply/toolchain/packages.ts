import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

import { PlainError, run } from "../process";
import type { Step } from "../steps";

/** A package of the distribution, and a file by which one sees that it is there. */
export interface SystemPackage {
  /** Debian's name. */
  readonly name: string;
  /** Absolute paths, any of which will do, or the name of a program. */
  readonly provides: string | readonly string[];
  /** What it is needed for. */
  readonly use: string;
}

/** What a cluster on this machine needs of the distribution. */
export const CLUSTER_PACKAGES: readonly SystemPackage[] = [
  { name: "runc", provides: "runc", use: "runs the containers" },
  {
    name: "containernetworking-plugins",
    provides: ["/usr/lib/cni/bridge", "/opt/cni/bin/bridge"],
    use: "gives pods their addresses",
  },
  { name: "iptables", provides: "iptables", use: "routes services to pods" },
  { name: "iproute2", provides: "ip", use: "makes the nodes' networks" },
  { name: "conntrack", provides: "conntrack", use: "cleans up connections" },
  { name: "util-linux", provides: "nsenter", use: "enters namespaces" },
];

/** What image builds need of the distribution. */
export const IMAGE_PACKAGES: readonly SystemPackage[] = [
  { name: "buildah", provides: "buildah", use: "builds images" },
  { name: "debootstrap", provides: "debootstrap", use: "makes the base image" },
  {
    name: "debian-archive-keyring",
    provides: ["/usr/share/keyrings/debian-archive-keyring.gpg"],
    use: "checks the base image's packages",
  },
  {
    name: "ca-certificates",
    provides: ["/etc/ssl/certs/ca-certificates.crt"],
    use: "reaches registries",
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

/** Whether what a package provides is there, wherever it came from. */
export function isInstalled({ provides }: SystemPackage): boolean {
  return typeof provides === "string"
    ? findProgram(provides) !== undefined
    : provides.some((path) => existsSync(path));
}

/** One step that installs what is missing; none where nothing is. */
export function packageSteps(packages: readonly SystemPackage[]): Step[] {
  const missing = packages.filter((wanted) => !isInstalled(wanted));
  if (missing.length === 0) return [];
  const names = missing.map(({ name }) => name);
  return [
    {
      id: "packages",
      title: `Debian packages ${names.join(", ")}`,
      minutes: 1,
      run: async (context) => {
        if (!findProgram("apt-get") || process.getuid?.() !== 0) {
          throw new PlainError(
            `Missing: ${names.join(", ")}. Install them with this system's package manager, or run as root where there is apt-get`,
          );
        }
        const options = {
          ...context,
          env: { DEBIAN_FRONTEND: "noninteractive" },
        };
        await run("apt-get", ["update"], options);
        await run(
          "apt-get",
          ["install", "--yes", "--no-install-recommends", ...names],
          options,
        );
      },
    },
  ];
}
