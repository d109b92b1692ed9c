import { existsSync } from "node:fs";
import { readFile, rm, rmdir } from "node:fs/promises";
import { dirname } from "node:path";

import { removeCgroup } from "./cgroups";
import { execute } from "./execute";
import type { ClusterNode, Layout } from "./layout";
import { disconnectHost, unroutePods } from "./network";
import { runningUnits, stopUnits } from "./unit";

/** Removes every trace of a cluster, whether whole, half made or broken. */
export async function removeCluster(layout: Layout): Promise<void> {
  await stopCluster(layout);
  await removeFolder(layout.state);
  // The folder above is shared with other clusters, and with the lock while it is held.
  await rmdir(dirname(layout.state)).catch(() => undefined);
}

/** Ends every process of a cluster, and with them all but its files. */
export async function stopCluster(layout: Layout): Promise<void> {
  await stopUnits(layout);
  await disconnectHost(layout);
  await removeCgroup(layout.cgroup);
}

/** Removes one node from a cluster that goes on. */
export async function removeNode(
  layout: Layout,
  node: ClusterNode,
): Promise<void> {
  await unroutePods(layout, node, await runningUnits(layout));
  await stopUnits(layout, node.name);
  await removeCgroup(`${layout.cgroup}/${node.name}`);
  await removeFolder(layout.ofNode(node));
}

// Mounts lie in the machines' own namespaces and are gone with them; one that is left would be emptied here.
async function removeFolder(folder: string): Promise<void> {
  const mounts = (await readFile("/proc/self/mountinfo", "utf8"))
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((mount) => mount.startsWith(`${folder}/`));
  for (const mount of mounts.reverse()) await execute("umount", ["-l", mount]);
  if (existsSync(folder)) await rm(folder, { recursive: true, force: true });
}
