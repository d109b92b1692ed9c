import { writeApiServerFiles } from "./api-server-files";
import { controlPlaneDaemons, type FindTool } from "./control-plane";
import { type ClusterNode, type Layout, controlPlane } from "./layout";
import { connectInternet } from "./internet";
import { connectControlPlane, connectNode, routePods } from "./network";
import { writeNode } from "./node";
import { findProgram } from "../supply/toolchain/packages";
import { writeRegistryConfig } from "./registry";
import { type Unit, launchUnit, runningUnits, writeDaemons } from "./unit";
import { allOf } from "./wait";
import type { Work } from "./work";

/** Starts the machines that do not run, and says which they are. */
export async function startMachines(
  layout: Layout,
  nodes: readonly ClusterNode[],
  work: Work,
  {
    tool,
    registryStorage,
    internet,
  }: {
    readonly tool: FindTool;
    readonly registryStorage: string;
    /** Whether the cluster has a way out of this host. */
    readonly internet: boolean;
  },
): Promise<readonly string[]> {
  const running = await runningUnits(layout);
  const launched = new Map<string, Unit>();
  const launch = async (name: string): Promise<Unit> => {
    work.signal.throwIfAborted();
    const unit = await launchUnit(layout, name);
    launched.set(name, unit);
    running.set(name, unit.pid);
    return unit;
  };
  const late = nodes.filter(({ name }) => !running.has(name));
  try {
    // The API server is what all else waits for: its machine starts while those of the nodes are made.
    const center = running.get(controlPlane) ?? startControlPlane();
    await allOf(
      late.map(async (node) => {
        await writeNode(layout, node, findProgram("runc") ?? "runc", tool);
        const { pid } = await launch(node.name);
        await connectNode(layout, await center, node, pid);
      }),
    ).finally(() => center);
    await routePods(layout, nodes, running);
    await connectInternet(layout, nodes, running, internet);
  } catch (error) {
    for (const unit of launched.values()) unit.stop();
    throw error;
  }
  for (const { name } of late) launched.get(name)?.start();
  return [...launched.keys()];

  async function startControlPlane(): Promise<number> {
    const daemons = controlPlaneDaemons(layout, tool);
    await writeRegistryConfig(layout, registryStorage);
    await writeApiServerFiles(layout);
    await writeDaemons(layout, controlPlane, daemons);
    const unit = await launch(controlPlane);
    await connectControlPlane(layout, unit.pid);
    unit.start();
    return unit.pid;
  }
}
