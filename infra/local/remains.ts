import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { cgroupProcesses, parseHierarchies } from "./cgroups";
import type { Layout } from "./layout";
import { runningUnits } from "./unit";

/** Something of a cluster that is still on this machine. */
export interface Remains {
  readonly kind: "process" | "mount" | "link" | "cgroup" | "folder";
  readonly id: string;
}

/** Everything of a cluster on this machine: nothing, once it was removed. Namespaces last as long as their processes. */
export async function remainsOf(layout: Layout): Promise<Remains[]> {
  const [units, pids, mountinfo] = await Promise.all([
    runningUnits(layout),
    cgroupProcesses(layout.cgroup),
    readFile("/proc/self/mountinfo", "utf8"),
  ]);
  const cgroups = parseHierarchies(mountinfo)
    .map(({ mount }) => join(mount, layout.cgroup))
    .filter((folder) => existsSync(folder));
  const kind = (name: Remains["kind"], ids: Iterable<string>) =>
    [...new Set(ids)].map((id): Remains => ({ kind: name, id }));
  const link = join("/sys/class/net", layout.hostLink);
  return [
    ...kind("process", [...units.values(), ...pids].map(String)),
    ...kind(
      "mount",
      mountinfo
        .split("\n")
        .map((line) => line.split(" ")[4] ?? "")
        .filter((mount) => mount.startsWith(`${layout.state}/`)),
    ),
    ...kind("link", existsSync(link) ? [layout.hostLink] : []),
    ...kind("cgroup", cgroups),
    ...kind("folder", existsSync(layout.state) ? [layout.state] : []),
  ];
}
