import { readFile } from "node:fs/promises";

import type { KubeApi } from "./api";
import { writeApiServerFiles } from "./api-server-files";
import { controlPlaneDaemons, type FindTool } from "./control-plane";
import { type ClusterNode, type Layout, controlPlane } from "./layout";
import { nodeDaemons, writeNode } from "./node";
import { findProgram } from "../supply/toolchain/packages";
import { awaitApi, awaitNodes } from "./readiness";
import { daemonScript, restartDaemon, writeDaemons } from "./unit";
import type { Work } from "./work";

/** Lets the control plane run other programs; the API server is away for some seconds. */
export async function restartControlPlane(
  layout: Layout,
  api: KubeApi,
  tool: FindTool,
  work: Work,
): Promise<void> {
  const daemons = controlPlaneDaemons(layout, tool);
  await writeApiServerFiles(layout);
  await writeDaemons(layout, controlPlane, daemons);
  for (const { name } of daemons) {
    work.signal.throwIfAborted();
    await restartDaemon(layout, controlPlane, name);
    // The others find an API server of their own version or a newer one, as the skew policy wants it.
    if (name === "kube-apiserver") await awaitApi(layout, api, work, "ready");
  }
}

/**
 * Restarts an API server that runs with other settings or files than it would get now, and leaves any other alone.
 *
 * @param always also one that seems to have them: an earlier run may have ended between writing them and its restart
 */
export async function refreshApiServer(
  layout: Layout,
  api: KubeApi,
  tool: FindTool,
  work: Work,
  always: boolean,
): Promise<void> {
  const name = "kube-apiserver";
  const daemons = controlPlaneDaemons(layout, tool).filter(
    (daemon) => daemon.name === name,
  );
  const path = layout.at(layout.unit(controlPlane), "daemons", name);
  const script = await readFile(path, "utf8");
  const filesChanged = await writeApiServerFiles(layout);
  const current =
    !filesChanged && daemons.map(daemonScript).join("") === script;
  if (current && !always) return;
  work.log("restarting the API server with its new settings");
  await writeDaemons(layout, controlPlane, daemons);
  await restartDaemon(layout, controlPlane, name);
  await awaitApi(layout, api, work, "ready");
}

/** Lets a node run other programs; its pods run on meanwhile. */
export async function restartNode(
  layout: Layout,
  node: ClusterNode,
  api: KubeApi,
  tool: FindTool,
  work: Work,
): Promise<void> {
  work.signal.throwIfAborted();
  await writeNode(layout, node, findProgram("runc") ?? "runc", tool);
  const since = Math.floor(Date.now() / 1000) * 1000;
  for (const { name } of nodeDaemons(layout, node, tool))
    await restartDaemon(layout, node.name, name);
  await awaitNodes(layout, [node], api, work, { nodes: [node], since });
}
