import type { Problem } from "../problem";
import { findBoundVolumes } from "./bound-volumes";
import {
  compareHosts,
  controlPlaneOf,
  type Host,
  isSameNode,
  type SshClusterInputs,
} from "./hosts";
import { findProblems, type InspectedHost } from "./inspection";
import type { Leaving } from "./leaving";
import { type ClusterIdentity, membership } from "./mark";
import type { Remote } from "./ssh";
import { type SshClusterState, versionBegun } from "./state";
import { refuseUpgrade } from "./versions";
import { type Connections, refuse, requireAll, type Work } from "./work";

/** Plan of the changes to hosts, computed before any change. */
export interface Plan {
  /** Control-plane host that stays and is asked for everything; undefined where the cluster is still to begin. */
  readonly api: Remote | undefined;
  readonly members: readonly Remote[];
  /** Hosts that are not in the cluster yet, in the order in which they join. */
  readonly joining: readonly InspectedHost[];
  readonly leaving: readonly Leaving[];
  /** Hosts that stay although they do not answer. */
  readonly silent: readonly Host[];
  readonly upgrades: boolean;
  /** Whether the hosts come to know the control plane by another address. */
  readonly moves: boolean;
}

/** Hosts of the new inputs and those that leave, as they answered. */
export interface Answers {
  readonly connections: Connections;
  readonly hosts: readonly InspectedHost[];
  readonly leavers: readonly InspectedHost[];
}

/** Plans the way from a state to inputs; throws with all that speaks against it. */
export async function makePlan(
  cluster: ClusterIdentity,
  olds: SshClusterState,
  news: SshClusterInputs,
  answers: Answers,
  work: Work,
): Promise<Plan> {
  const { connections, hosts } = answers;
  const { removed, kept } = compareHosts(olds.hosts, news.hosts);
  const members = findMembers(cluster, removed, hosts);
  const api = members.find(({ host }) => host.role === "control-plane");
  if (!api && olds.kubeconfig !== "") {
    throw new Error(
      "no control-plane host that answers is in the cluster any more; bring one back, or run down and up",
    );
  }
  const upgrades =
    api !== undefined &&
    (olds.version !== news.version || olds.upgrading !== "");
  const moves = api !== undefined && olds.endpoint !== news.endpoint;
  const isKept = (host: Host) => kept.some((each) => isSameNode(each, host));
  requireAll(connections, (host) => isKept(host) && !upgrades && !moves);
  const plan: Plan = {
    api,
    // Workers of a control plane that is no more are in no cluster.
    members: api ? members : [],
    joining: hosts.filter(({ remote }) => !api || !members.includes(remote)),
    leaving: removed.map((host) => ({
      host,
      found: answers.leavers.find(({ remote }) => remote.host === host),
    })),
    silent: connections.silent.map(({ host }) => host),
    upgrades,
    moves,
  };
  // A host that leaves as one node and comes as another is judged by what it is once it has left.
  const judged = hosts.filter(
    ({ remote }) =>
      !answers.leavers.some(
        (leaver) => leaver.remote.host.address === remote.host.address,
      ),
  );
  refuse([
    ...upgradeProblems(olds, news),
    ...(await findProblems(
      judged,
      plan.joining.map(({ remote }) => remote),
      { ...cluster, ...news, upgrade: upgrades },
      work,
    )),
    ...(api ? await findBoundVolumes(api, removed, work) : []),
    ...majorityProblems(kept, removed, plan.silent),
  ]);
  return plan;
}

function findMembers(
  cluster: ClusterIdentity,
  removed: readonly Host[],
  hosts: readonly InspectedHost[],
): readonly Remote[] {
  return hosts
    .filter(
      ({ remote: { host }, facts: { cluster: mark } }) =>
        typeof mark === "object" &&
        membership(mark, cluster) === "member" &&
        !removed.some(
          ({ name, address }) => name === host.name || address === host.address,
        ),
    )
    .map(({ remote }) => remote);
}

function upgradeProblems(
  olds: SshClusterState,
  news: SshClusterInputs,
): readonly Problem[] {
  const remedy = refuseUpgrade(versionBegun(olds), news.version);
  return remedy
    ? [{ path: "target.version", value: news.version, remedy }]
    : [];
}

/** etcd works with more than half of its members only, so no host may go that the others would miss. */
export function majorityProblems(
  kept: readonly Host[],
  removed: readonly Host[],
  silent: readonly Host[],
): readonly Problem[] {
  const staying = controlPlaneOf(kept);
  const missing = staying.filter((host) => silent.includes(host));
  const leaving = controlPlaneOf(removed);
  const answer = staying.length - missing.length;
  if (leaving.length === 0 || answer * 2 > staying.length) return [];
  const names = (hosts: readonly Host[]) =>
    hosts.map(({ name }) => name).join(", ");
  return [
    {
      path: "target.hosts",
      value: names(leaving),
      remedy: `the control plane has no majority without it, since ${names(missing)} stays and does not answer; bring that back, or take it out instead`,
    },
  ];
}
