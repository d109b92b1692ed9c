import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { findTool, toolPath, toolVersion } from "../supply/toolchain/tools";
import { claimFolder } from "../folders/owned-folder";
import { describeProblem } from "../problem";
import { accessObjects } from "./access";
import { KubeApi, type KubeObject } from "./api";
import { requireKey, rewriteSecrets } from "./api-server-files";
import { removeCluster, removeNode, stopCluster } from "./cleanup";
import type { FindTool } from "./control-plane";
import { dnsObjects } from "./dns";
import type { ClusterInputs, ClusterPlace } from "./inputs";
import { hasWayOut } from "./internet";
import { type ClusterNode, Layout, controlPlane, placeNodes } from "./layout";
import { withClusterLock } from "./lock";
import { startMachines } from "./machines";
import { Pki } from "./pki";
import { clusterTools, preflight } from "./preflight";
import {
  type Restarted,
  awaitApi,
  awaitDns,
  awaitNodes,
  forgetNodes,
} from "./readiness";
import {
  type ClusterRecord,
  type FoundCluster,
  findCluster,
  writeRecord,
} from "./record";
import { parseReference, referenceOf } from "./reference";
import { writeRegistryConfig } from "./registry";
import { refreshApiServer, restartControlPlane, restartNode } from "./restart";
import { storageObjects } from "./storage";
import { restartDaemon, runningUnits } from "./unit";
import { refuseUpgrade } from "./versions";
import { allOf } from "./wait";
import type { Work } from "./work";

/** A running cluster. */
export interface Cluster {
  /** Random ID, stored in the stack's state and in the marker file of the cluster's folder. */
  readonly clusterId: string;
  readonly kubeconfig: string;
  readonly gateway: string;
  readonly nodes: readonly string[];
  /** Whether all secrets in etcd are encrypted. */
  readonly secretsEncrypted: boolean;
}

/** Creates a cluster. A failure or a cancellation removes it again. Fails if a complete cluster exists already. */
export async function createCluster(
  inputs: ClusterInputs,
  work: Work,
): Promise<Cluster> {
  const layout = new Layout(inputs);
  return withClusterLock(layout, async () => {
    const found = await findCluster(layout);
    refuseOthers(layout, found);
    await requireFitness(inputs, toolPath);
    // Since this run holds the lock, the run that began the incomplete cluster has ended.
    if (found.kind === "incomplete") {
      work.log(`removing what an interrupted run left in ${layout.state}`);
      await removeCluster(layout, found.id);
    } else {
      // Processes may remain of a cluster whose folder was deleted while it ran.
      await stopCluster(layout);
    }
    const id = randomUUID();
    await claimFolder(layout.state, id);
    try {
      return await build(layout, inputs, id, work);
    } catch (error) {
      work.log("removing what was made");
      await removeCluster(layout, id);
      throw error;
    }
  });
}

/**
 * Updates a cluster's pools, images and versions, and restarts machines that have died.
 *
 * @param id ID in the state: a cluster with another ID is refused
 */
export async function updateCluster(
  inputs: ClusterInputs,
  id: string,
  work: Work,
): Promise<Cluster> {
  const layout = new Layout(inputs);
  return withClusterLock(layout, async () => {
    const record = ownRecord(layout, await findCluster(layout), id);
    const refusal = refuseUpgrade(record.inputs.versions, inputs.versions);
    if (refusal !== undefined) throw new Error(refusal);
    requireKey(layout, record.secretsEncrypted);
    const upgrading = !isDeepStrictEqual(
      record.inputs.versions,
      inputs.versions,
    );
    // Unless the versions change, a restarted machine runs the same programs as the other machines.
    const tools =
      upgrading || !Object.values(record.tools).every(existsSync)
        ? pinnedTools()
        : record.tools;
    const tool = (binary: string) => tools[binary] ?? toolPath(binary);
    const nodes = placeNodes(inputs, record.nodes);
    const before = await runningUnits(layout);
    const machinesRun = [controlPlane, ...nodes.map(({ name }) => name)].every(
      (name) => before.has(name),
    );
    if (!machinesRun || upgrading) await requireFitness(inputs, tool);
    for (const node of record.nodes.filter((old) => !nodes.includes(old))) {
      work.log(`removing node ${node.name}`);
      await removeNode(layout, id, node);
    }
    // Versions are recorded only at the end, so that a failed update is repeated.
    await writeRecord(layout, { ...record, nodes });
    // A node that restarts keeps its pods. All nodes are attached to the network of the control plane's machine, so
    // that all machines restart if it is down, as after a power failure. A running machine does not see programs that
    // were added below /var after its start.
    const belowVar = Object.values(tools).some((path) =>
      path.startsWith("/var/"),
    );
    if (!before.has(controlPlane) || (upgrading && belowVar))
      await stopCluster(layout);
    else await serveImages(layout, record, inputs);
    const added = nodes.filter(
      (node) => !existsSync(layout.ofNode(node, "kubelet.conf")),
    );
    await Promise.all(
      added.map((node) => issuer(layout, work).issueNode(node)),
    );
    // Heartbeats have a resolution of one second.
    const since = Math.floor(Date.now() / 1000) * 1000;
    const internet = await hasWayOut(inputs);
    const machines = await startMachines(layout, nodes, work, {
      tool,
      registryStorage: inputs.registryStorage,
      internet,
    });
    if (upgrading) await restartDaemons(layout, nodes, machines, tool, work);
    else if (!machines.includes(controlPlane))
      await withApi(layout, (api) =>
        refreshApiServer(layout, api, tool, work, !record.secretsEncrypted),
      );
    const fresh = nodes.filter(({ name }) => machines.includes(name));
    const cluster = await finish(layout, id, nodes, internet, work, {
      nodes: fresh,
      since,
    });
    if (!record.secretsEncrypted) await withApi(layout, rewriteSecrets);
    await writeRecord(layout, {
      ...{ ...record, inputs, nodes, tools },
      secretsEncrypted: true,
    });
    return cluster;
  });
}

/** The cluster with this ID; undefined if there is none, or its creation was never completed. */
export async function readCluster(
  place: ClusterPlace,
  id: string,
): Promise<Cluster | undefined> {
  const layout = new Layout(place);
  const found = await findCluster(layout);
  if (found.kind === "foreign" || found.kind === "damaged")
    throw new Error(found.reason);
  return found.kind === "complete" && found.id === id
    ? describe(layout, id, found.record)
    : undefined;
}

/** A cluster created by another stack's state, by its reference; undefined if there is none with this ID. */
export async function importCluster(
  reference: string,
): Promise<{ inputs: ClusterInputs; cluster: Cluster } | undefined> {
  const { id, folder } = parseReference(reference);
  const layout = new Layout(folder);
  const found = await findCluster(layout);
  if (found.kind !== "complete" || found.id !== id) return undefined;
  const { inputs } = found.record;
  return { inputs, cluster: await describe(layout, id, found.record) };
}

/** Removes the cluster with this ID; any other is left alone. */
export async function deleteCluster(
  place: ClusterPlace,
  id: string,
  work: Pick<Work, "log">,
): Promise<void> {
  const layout = new Layout(place);
  await withClusterLock(layout, async () => {
    const found = await findCluster(layout);
    if (found.kind === "foreign") throw new Error(found.reason);
    if (found.kind === "none") {
      await stopCluster(layout);
      await rmdir(dirname(layout.state)).catch(() => undefined);
      return;
    }
    if (found.id !== id) {
      work.log(
        `${layout.state} is the cluster ${found.id} by now, and is left alone: ${id} is gone`,
      );
      return;
    }
    // Marked incomplete first, so that an interrupted removal leaves no cluster that counts as complete.
    if (found.kind === "complete")
      await writeRecord(layout, { ...found.record, complete: false });
    await removeCluster(layout, id);
  });
}

function refuseOthers(layout: Layout, found: FoundCluster): void {
  if (found.kind === "foreign") throw new Error(found.reason);
  if (found.kind === "damaged") throw new Error(found.reason);
  if (found.kind !== "complete") return;
  throw new Error(
    describeProblem({
      path: "target.name",
      value: layout.place.name,
      remedy: `${layout.state} is a whole cluster that this state does not know, made by ${found.record.owner}; choose another name, or take it over with target.import: ${referenceOf(layout, found.id)} (then npm run down removes it)`,
    }),
  );
}

function ownRecord(
  layout: Layout,
  found: FoundCluster,
  id: string,
): ClusterRecord {
  switch (found.kind) {
    case "none":
      throw new Error(
        `${layout.state} is gone; pulumi refresh drops the cluster, and pulumi up makes it again`,
      );
    case "foreign":
    case "damaged":
      throw new Error(found.reason);
    case "incomplete":
      throw new Error(
        `${layout.state} is half removed; npm run down removes the rest`,
      );
    case "complete":
      if (found.id === id) return found.record;
      throw new Error(
        `${layout.state} is another cluster than the one of this state: its ID is ${found.id}, not ${id}; pulumi refresh drops the one that is gone`,
      );
  }
}

async function requireFitness(
  inputs: ClusterInputs,
  tool: FindTool,
): Promise<void> {
  const problems = await preflight(inputs, tool);
  if (problems.length > 0)
    throw new Error(problems.map(describeProblem).join("\n"));
}

function pinnedTools(): Record<string, string> {
  return Object.fromEntries(
    clusterTools.map((binary) => [binary, toolPath(binary)]),
  );
}

/** Makes a running registry serve another folder. */
async function serveImages(
  layout: Layout,
  { inputs: { registryStorage } }: ClusterRecord,
  inputs: ClusterInputs,
): Promise<void> {
  if (registryStorage === inputs.registryStorage) return;
  await writeRegistryConfig(layout, inputs.registryStorage);
  await restartDaemon(layout, controlPlane, "registry");
}

/** Restarts the daemons of running machines with other programs, one after another; pods keep running. */
async function restartDaemons(
  layout: Layout,
  nodes: readonly ClusterNode[],
  started: readonly string[],
  tool: FindTool,
  work: Work,
): Promise<void> {
  await withApi(layout, async (api) => {
    if (!started.includes(controlPlane)) {
      work.log("restarting the control plane with its new versions");
      await restartControlPlane(layout, api, tool, work);
    }
    for (const node of nodes.filter(({ name }) => !started.includes(name))) {
      work.log(`restarting ${node.name} with its new versions`);
      await restartNode(layout, node, api, tool, work);
    }
  });
}

async function build(
  layout: Layout,
  inputs: ClusterInputs,
  id: string,
  work: Work,
): Promise<Cluster> {
  const nodes = placeNodes(inputs, []);
  const record = {
    ...{ owner: work.owner, inputs, nodes, tools: pinnedTools() },
    // The API server has the encryption key from its first start.
    secretsEncrypted: true,
  };
  await writeRecord(layout, { ...record, complete: false });
  await mkdir(layout.volumes);
  const internet = await hasWayOut(inputs);
  work.log("starting the control plane");
  await allOf([
    issueAll(layout, nodes, work),
    startMachines(layout, nodes, work, {
      tool: toolPath,
      registryStorage: inputs.registryStorage,
      internet,
    }),
  ]);
  const cluster = await finish(layout, id, nodes, internet, work);
  await writeRecord(layout, { ...record, complete: true });
  return cluster;
}

async function issueAll(
  layout: Layout,
  nodes: readonly ClusterNode[],
  work: Work,
): Promise<void> {
  const pki = issuer(layout, work);
  await pki.issueControlPlane();
  await Promise.all(nodes.map((node) => pki.issueNode(node)));
}

function issuer(layout: Layout, work: Work): Pki {
  return new Pki(
    layout,
    toolPath("kubeadm"),
    toolVersion(findTool("kubeadm")),
    work.signal,
  );
}

/** Waits until the cluster is ready, and installs the objects that every cluster has. */
async function finish(
  layout: Layout,
  id: string,
  nodes: readonly ClusterNode[],
  internet: boolean,
  work: Work,
  restarted?: Restarted,
): Promise<Cluster> {
  await withApi(layout, async (api) => {
    await awaitApi(layout, api, work, "serves");
    work.log("the API server answers; waiting for the nodes");
    await Promise.all([
      awaitApi(layout, api, work, "ready").then(() =>
        applyObjects(layout, internet, api),
      ),
      awaitNodes(layout, nodes, api, work, restarted),
    ]);
    await forgetNodes(nodes, api);
    const names = nodes.map(({ name }) => name).join(", ");
    work.log(`nodes ready: ${names}; waiting for cluster DNS`);
    await awaitDns(api, work);
  });
  return describe(layout, id, { nodes, secretsEncrypted: true });
}

/** Client of the API server with the administrator's credentials. */
async function withApi(
  layout: Layout,
  use: (api: KubeApi) => Promise<void>,
): Promise<void> {
  const api = await KubeApi.open(join(layout.pki, "super-admin.conf"));
  try {
    await use(api);
  } finally {
    api.close();
  }
}

async function applyObjects(
  layout: Layout,
  internet: boolean,
  api: KubeApi,
): Promise<void> {
  const objects = [
    ...accessObjects,
    ...dnsObjects(layout, internet),
    ...storageObjects(layout),
  ];
  const isNamespace = ({ kind }: KubeObject) => kind === "Namespace";
  for (const namespace of objects.filter(isNamespace)) {
    await api.apply(namespace);
  }
  const others = objects.filter((object) => !isNamespace(object));
  await Promise.all(others.map((object) => api.apply(object)));
}

async function describe(
  layout: Layout,
  id: string,
  {
    nodes,
    secretsEncrypted,
  }: Pick<ClusterRecord, "nodes" | "secretsEncrypted">,
): Promise<Cluster> {
  return {
    clusterId: id,
    kubeconfig: await readFile(join(layout.pki, "admin.conf"), "utf8"),
    gateway: layout.gateway,
    nodes: nodes.map(({ name }) => name),
    secretsEncrypted,
  };
}
