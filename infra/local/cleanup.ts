import { rmdir } from "node:fs/promises";
import { dirname } from "node:path";

import { removeOwnedFolder } from "../folders/owned-folder";
import { removeCgroup } from "./cgroups";
import type { ClusterNode, Layout } from "./layout";
import { disconnectHost, unroutePods } from "./network";
import { runningUnits, stopUnits } from "./unit";

/** Removes every trace of the cluster with this ID, whether whole, half made or broken. */
export async function removeCluster(layout: Layout, id: string): Promise<void> {
  await stopCluster(layout);
  await removeOwnedFolder(layout.state, id);
  // The folder above is shared with other clusters: it goes with the last one.
  await rmdir(dirname(layout.state)).catch(() => undefined);
}

/** Ends every process of a cluster, and with them all but its files. */
export async function stopCluster(layout: Layout): Promise<void> {
  await stopUnits(layout);
  await disconnectHost(layout);
  await removeCgroup(layout.cgroup);
}

/** Removes one node from a cluster that stays. */
export async function removeNode(
  layout: Layout,
  id: string,
  node: ClusterNode,
): Promise<void> {
  await stopNode(layout, node);
  await removeOwnedFolder(layout.state, id, layout.unit(node.name).split("/"));
}

/** Ends one node's processes; its files stay. */
export async function stopNode(
  layout: Layout,
  node: ClusterNode,
): Promise<void> {
  await unroutePods(layout, node, await runningUnits(layout));
  await stopUnits(layout, node.name);
  await removeCgroup(`${layout.cgroup}/${node.name}`);
}
