import { encryptSecrets, refreshApiServers } from "./api-servers";
import { certificateEnd, renewCertificates } from "./certificates";
import { changeEndpoint } from "./endpoint";
import {
  compareHosts,
  controlPlaneOf,
  type Host,
  inOrder,
  type SshClusterInputs,
} from "./hosts";
import { inspect, type InspectedHost } from "./inspection";
import { awaitNodes, connectPods, init, joinAll, writeMark } from "./joining";
import { forget, remove, resetOwn } from "./leaving";
import { type ClusterIdentity, membership, newClusterId } from "./mark";
import { placeNodes } from "./node-placement";
import { type Answers, makePlan, type Plan } from "./plan";
import type { Remote } from "./ssh";
import type { SshClusterState } from "./state";
import { readLiveCluster, takeoverProblems } from "./takeover";
import { upgrade } from "./upgrade";
import {
  type Connections,
  refuse,
  requireAll,
  withConnections,
  type Work,
} from "./work";

/** Work whose state is kept as it goes, so that what was done is known also when it fails. */
export interface KeptWork extends Work {
  keep(id: string, state: SshClusterState): void;
}

/** Makes a cluster, resumes one that a killed run has begun, or takes over the one whose ID `import` has. */
export async function createSshCluster(
  inputs: SshClusterInputs,
  work: KeptWork,
): Promise<{ id: string; state: SshClusterState }> {
  const hosts = inOrder(inputs.hosts);
  return withConnections(hosts, inputs.ssh, work, async (connections) => {
    requireAll(connections);
    const inspected = await inspect(connections.remotes, work);
    const id = inputs.import ?? unfinishedId(inspected, work) ?? newClusterId();
    const cluster = { id, owner: work.owner };
    const members = inspected.filter((host) => isMember(host, cluster));
    const version =
      inputs.import === undefined
        ? inputs.version
        : await takeOver(members, inputs, work);
    const olds: SshClusterState = {
      ...inputs,
      ...{ version, hosts: members.map(({ remote }) => remote.host) },
      ...{ kubeconfig: "", fingerprints: {}, certificatesEnd: "" },
      ...{ silent: [], upgrading: "", secretsEncrypted: false },
    };
    const found = { connections, hosts: inspected };
    const state = await converge(cluster, olds, inputs, found, work);
    return { id, state };
  });
}

/** Brings a cluster to other hosts, labels, taints or another version, in place. */
export async function updateSshCluster(
  id: string,
  olds: SshClusterState,
  news: SshClusterInputs,
  work: KeptWork,
): Promise<SshClusterState> {
  const hosts = inOrder(news.hosts);
  return withConnections(hosts, news.ssh, work, async (connections) => {
    const inspected = await inspect(connections.remotes, work);
    const cluster = { id, owner: work.owner };
    const found = { connections, hosts: inspected };
    return converge(cluster, olds, news, found, work);
  });
}

/** Takes a cluster off its hosts, workers first. Those that answer are reset, whatever the others do. */
export async function deleteSshCluster(
  id: string,
  state: SshClusterState,
  forgetSilent: boolean,
  work: Work,
): Promise<void> {
  const hosts = [...inOrder(state.hosts)].reverse();
  await withConnections(hosts, state.ssh, work, async (connections) => {
    const inspected = await inspect(connections.remotes, work);
    const options = {
      keepVolumes: state.lifetime === "long",
      clusterStays: false,
    };
    const failures: string[] = [];
    for (const [index, host] of inspected.entries()) {
      const { name } = host.remote.host;
      work.log(`${index + 1}/${inspected.length} ${name}: reset`);
      await resetOwn(host, { id, owner: work.owner }, options, work).catch(
        (error: Error) => failures.push(error.message),
      );
    }
    if (failures.length > 0) throw new Error(failures.join("\n"));
    const silent = connections.silent.map(({ reason }) => reason);
    for (const reason of silent) work.log(`${reason}: keeps what is on it`);
    if (silent.length === 0 || forgetSilent) return;
    const remedy =
      "the other hosts were reset; if these are gone for good, set PULUMI_K8S_DELETE_UNREACHABLE=true and run down again";
    throw new Error([...silent, remedy].join("\n"));
  });
}

/** The cluster as a control-plane host knows it; undefined where none of them is in a cluster with this ID. */
export async function readSshCluster(
  id: string,
  state: SshClusterState,
  work: Work,
): Promise<SshClusterState | undefined> {
  const hosts = controlPlaneOf(state.hosts);
  return withConnections(hosts, state.ssh, work, async (connections) => {
    const inspected = await inspect(connections.remotes, work);
    const cluster = { id, owner: work.owner };
    const members = inspected.filter((host) => isMember(host, cluster));
    const [member] = members;
    if (!member) {
      // A host that does not answer may be a member, so that its absence is no proof.
      requireAll(connections);
      return undefined;
    }
    const ends = await Promise.all(
      members.map(({ remote }) => certificateEnd(remote, work)),
    );
    return {
      ...state,
      kubeconfig: await kubeconfig(member.remote),
      certificatesEnd: ends.sort()[0] ?? "",
    };
  });
}

async function converge(
  cluster: ClusterIdentity,
  olds: SshClusterState,
  news: SshClusterInputs,
  found: Omit<Answers, "leavers">,
  work: KeptWork,
): Promise<SshClusterState> {
  const { removed } = compareHosts(olds.hosts, news.hosts);
  return withConnections(removed, news.ssh, work, async ({ remotes }) => {
    const leavers = await inspect(remotes, work);
    const answers = { ...found, leavers };
    const plan = await makePlan(cluster, olds, news, answers, work);
    return carryOut(plan, cluster, olds, news, found.connections, work);
  });
}

async function carryOut(
  plan: Plan,
  cluster: ClusterIdentity,
  olds: SshClusterState,
  news: SshClusterInputs,
  { remotes, silent }: Connections,
  work: KeptWork,
): Promise<SshClusterState> {
  const { api } = plan;
  const showed = Object.fromEntries(
    remotes.map(({ host, fingerprint }) => [host.name, fingerprint]),
  );
  let state: SshClusterState = {
    ...olds,
    ...{ ssh: news.ssh, import: news.import },
    silent: silent.map(({ host }) => host.name),
    fingerprints: { ...olds.fingerprints, ...showed },
  };
  const advance = (changes: Partial<SshClusterState>) => {
    state = { ...state, ...changes };
    work.keep(cluster.id, state);
  };
  for (const { reason } of silent) work.log(`${reason}: it stays as it is`);
  const keepVolumes = news.lifetime === "long";
  if (api) {
    advance({ kubeconfig: await kubeconfig(api) });
    for (const leaving of inTurn(plan)) {
      await remove(api, leaving, cluster, keepVolumes, work);
      const hosts = state.hosts.filter((host) => host !== leaving.host);
      advance({ hosts });
    }
  }
  // Hosts that were reinstalled, or whose join was interrupted.
  for (const host of plan.joining) {
    if (api) await forget(api, host.remote.host, work);
    const options = { keepVolumes, clusterStays: api !== undefined };
    await resetOwn(host, cluster, options, work);
  }
  if (plan.upgrades) {
    advance({ upgrading: news.version });
    await upgrade(plan.members, news, work);
  }
  const isControlPlane = (host: Host) => host.role === "control-plane";
  const refreshed = await refreshApiServers(
    plan.members.filter(({ host }) => isControlPlane(host)),
    plan.silent.filter(isControlPlane),
    news,
    work,
  );
  if (plan.moves) await changeEndpoint(plan.members, olds, news, work);

  // Hosts are in the state before anything is put on them.
  advance({ ...news, hosts: [...news.hosts], upgrading: "" });
  const joining = plan.joining.map(({ remote }) => remote);
  const first = api ?? joining.shift();
  if (!first) throw new Error("no control-plane host answers");
  if (!api) await init(first, news, cluster.id, work);
  advance({ kubeconfig: await kubeconfig(first) });
  await joinAll(first, joining, news, cluster.id, work);
  await placeNodes(first, olds.hosts, news.hosts, work);
  await connectPods(first, remotes, news, work);
  await awaitNodes(first, api ? joining : remotes, work);
  const certificatesEnd = await renewCertificates(
    remotes.filter(({ host }) => host.role === "control-plane"),
    new Date(),
    work,
  );
  if (refreshed) await encryptSecrets(first, work);
  for (const remote of remotes) {
    await writeMark(remote, { ...cluster, state: "complete" });
  }
  const fingerprints = Object.fromEntries(
    news.hosts.map(({ name }) => [name, state.fingerprints[name] ?? ""]),
  );
  return {
    ...state,
    ...{ kubeconfig: await kubeconfig(first), fingerprints, certificatesEnd },
    secretsEncrypted: refreshed,
  };
}

/** A member that no longer answers counts against the majority, and so goes before one that does. */
function inTurn({ leaving }: Plan): Plan["leaving"] {
  return [
    ...leaving.filter(({ found }) => found === undefined),
    ...leaving.filter(({ found }) => found !== undefined),
  ];
}

function isMember(
  { facts: { cluster: mark } }: InspectedHost,
  cluster: ClusterIdentity,
): boolean {
  return typeof mark === "object" && membership(mark, cluster) === "member";
}

/** Version of the cluster that is taken over; throws where it is not there, or cannot be taken over as it is. */
async function takeOver(
  members: readonly InspectedHost[],
  inputs: SshClusterInputs,
  work: Work,
): Promise<string> {
  const api = members.find(
    ({ remote }) => remote.host.role === "control-plane",
  );
  if (!api) {
    throw new Error(
      `target.import: ${inputs.import}: no control-plane host is in that cluster; write the ID that a refused up names, or take target.import out`,
    );
  }
  const live = await readLiveCluster(api.remote, work);
  refuse(takeoverProblems(live, inputs));
  return live.version;
}

/** ID of a cluster of this owner that a killed run has begun and that never was whole. */
function unfinishedId(
  hosts: readonly InspectedHost[],
  { owner }: Work,
): string | undefined {
  const marks = hosts.flatMap(({ facts: { cluster } }) =>
    typeof cluster === "object" && cluster.owner === owner ? [cluster] : [],
  );
  return marks.some(({ state }) => state === "complete")
    ? undefined
    : marks.find(({ state }) => state === "joined")?.id;
}

async function kubeconfig(remote: Remote): Promise<string> {
  return remote.run("cat /etc/kubernetes/admin.conf");
}
