import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { findTool, toolPath, toolVersion } from "../../airgap/toolchain/tools";
import { describeProblem } from "../problem";
import { accessObjects } from "./access";
import { KubeApi, type KubeObject } from "./api";
import { removeCluster, removeNode, stopCluster } from "./cleanup";
import { dnsObjects } from "./dns";
import type { ClusterInputs } from "./inputs";
import { type ClusterNode, Layout, controlPlane, placeNodes } from "./layout";
import { withLock } from "./lock";
import { startMachines } from "./machines";
import { Pki } from "./pki";
import { preflight } from "./preflight";
import {
  type Restarted,
  awaitApi,
  awaitDns,
  awaitNodes,
  forgetNodes,
} from "./readiness";
import { readRecord, writeRecord } from "./record";
import { storageObjects } from "./storage";
import { runningUnits } from "./unit";
import { allOf } from "./wait";
import type { Work } from "./work";

/** A cluster that stands. */
export interface Cluster {
  readonly kubeconfig: string;
  readonly gateway: string;
  readonly nodes: readonly string[];
}

/** Makes a cluster; a failure or a cancellation leaves nothing of it. */
export async function createCluster(
  inputs: ClusterInputs,
  work: Work,
): Promise<Cluster> {
  const layout = new Layout(inputs);
  return withLock(layout, async () => {
    await refuseForeign(layout, work);
    const problems = await preflight(inputs, toolPath);
    if (problems.length > 0)
      throw new Error(problems.map(describeProblem).join("\n"));
    await removeRemains(layout, work);
    try {
      return await build(layout, work);
    } catch (error) {
      work.log("removing what was made");
      await removeCluster(layout);
      throw error;
    }
  });
}

/** Brings a cluster to new inputs, as far as they differ in pools, and starts what has died. */
export async function updateCluster(
  inputs: ClusterInputs,
  work: Work,
): Promise<Cluster> {
  const layout = new Layout(inputs);
  return withLock(layout, async () => {
    const record = await readRecord(layout);
    if (!record)
      throw new Error(
        `${layout.state} is gone; pulumi refresh drops the cluster, and pulumi up makes it again`,
      );
    const nodes = placeNodes(inputs, record.nodes);
    for (const node of record.nodes.filter((old) => !nodes.includes(old))) {
      work.log(`removing node ${node.name}`);
      await removeNode(layout, node);
    }
    await writeRecord(layout, { ...record, inputs, nodes, complete: true });
    // Kubernetes takes back the pods of a node that is there again, but not the network of the control plane's
    // machine, to which every node is tied: without it, all machines start anew, as after a power cut.
    if (!(await runningUnits(layout)).has(controlPlane))
      await stopCluster(layout);
    const added = nodes.filter(
      (node) => !existsSync(layout.ofNode(node, "kubelet.conf")),
    );
    await Promise.all(
      added.map((node) => issuer(layout, work).issueNode(node)),
    );
    // Heartbeats count whole seconds.
    const since = Math.floor(Date.now() / 1000) * 1000;
    const machines = await startMachines(layout, nodes, work);
    const fresh = nodes.filter(({ name }) => machines.includes(name));
    return finish(layout, nodes, work, { nodes: fresh, since });
  });
}

/** The cluster, if its folder says that it was once whole. */
export async function readCluster(
  inputs: ClusterInputs,
): Promise<Cluster | undefined> {
  const layout = new Layout(inputs);
  const record = await readRecord(layout);
  return record?.complete ? describe(layout, record.nodes) : undefined;
}

/** Removes a cluster. */
export async function deleteCluster(inputs: ClusterInputs): Promise<void> {
  const layout = new Layout(inputs);
  await withLock(layout, () => removeCluster(layout));
  // Now that the lock is gone, so may its folder.
  await removeCluster(layout);
}

async function refuseForeign(layout: Layout, work: Work): Promise<void> {
  const record = await readRecord(layout);
  if (record?.complete && record.owner !== work.owner) {
    throw new Error(
      `target.name: "${layout.inputs.name}": is the cluster of ${record.owner}; choose another name, or remove that one with its own stack`,
    );
  }
}

async function removeRemains(layout: Layout, work: Work): Promise<void> {
  if (existsSync(layout.state) || (await runningUnits(layout)).size > 0) {
    work.log(`removing what an earlier run left in ${layout.state}`);
    await removeCluster(layout);
  }
}

async function build(layout: Layout, work: Work): Promise<Cluster> {
  const nodes = placeNodes(layout.inputs, []);
  await mkdir(layout.state, { recursive: true, mode: 0o700 });
  await mkdir(layout.volumes);
  await writeRecord(layout, {
    owner: work.owner,
    inputs: layout.inputs,
    nodes,
    complete: false,
  });
  work.log("starting the control plane");
  await allOf([
    issueAll(layout, nodes, work),
    startMachines(layout, nodes, work),
  ]);
  const cluster = await finish(layout, nodes, work);
  await writeRecord(layout, {
    owner: work.owner,
    inputs: layout.inputs,
    nodes,
    complete: true,
  });
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

/** Waits until the cluster serves, and gives it what every cluster has. */
async function finish(
  layout: Layout,
  nodes: readonly ClusterNode[],
  work: Work,
  restarted?: Restarted,
): Promise<Cluster> {
  const api = await KubeApi.open(join(layout.pki, "super-admin.conf"));
  try {
    await awaitApi(layout, api, work, "serves");
    work.log("the API server answers; waiting for the nodes");
    await Promise.all([
      awaitApi(layout, api, work, "ready").then(() =>
        applyObjects(layout, api),
      ),
      awaitNodes(layout, nodes, api, work, restarted),
    ]);
    await forgetNodes(nodes, api);
    const names = nodes.map(({ name }) => name).join(", ");
    work.log(`nodes ready: ${names}; waiting for cluster DNS`);
    await awaitDns(api, work);
  } finally {
    api.close();
  }
  return describe(layout, nodes);
}

async function applyObjects(layout: Layout, api: KubeApi): Promise<void> {
  const objects = [
    ...accessObjects,
    ...dnsObjects(layout),
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
  nodes: readonly ClusterNode[],
): Promise<Cluster> {
  return {
    kubeconfig: await readFile(join(layout.pki, "admin.conf"), "utf8"),
    gateway: layout.gateway,
    nodes: nodes.map(({ name }) => name),
  };
}
