import { drainNode } from "./drain";
import { removeEtcdMember } from "./etcd-members";
import type { Host } from "./hosts";
import { membership, type ClusterIdentity } from "./mark";
import type { InspectedHost } from "./inspection";
import { reset } from "./reset";
import type { Remote } from "./ssh";
import { kubectlOn, type Work } from "./work";

/** A host that leaves; one that does not answer is only forgotten. */
export interface Leaving {
  readonly host: Host;
  readonly found: InspectedHost | undefined;
}

/** Moves a host's pods elsewhere and takes it out of the cluster, which stays one without it. */
export async function remove(
  api: Remote,
  { host, found }: Leaving,
  cluster: ClusterIdentity,
  keepVolumes: boolean,
  work: Work,
): Promise<void> {
  const { signal } = work;
  work.log(`${host.name}: drain`);
  const patience = found ? {} : { eviction: 15, ending: 0 };
  await drainNode(api, kubectlOn(api), host.name, work, patience).catch(
    (error: unknown) => work.log(String(error)),
  );
  signal.throwIfAborted();
  if (found) {
    await resetOwn(found, cluster, { keepVolumes, clusterStays: true }, work);
  } else {
    work.log(`${host.name}: does not answer; it keeps what is on it`);
  }
  await forget(api, host, work);
}

/** Takes a host out of what the cluster knows. */
export async function forget(
  api: Remote,
  host: Host,
  work: Work,
): Promise<void> {
  if (host.role === "control-plane") await removeEtcdMember(api, host, work);
  await api.run(
    `${kubectlOn(api)} delete node ${host.name} --ignore-not-found`,
    { signal: work.signal },
  );
}

/** Resets a host where its mark is one of this cluster's. */
export async function resetOwn(
  { remote, facts: { cluster: mark } }: InspectedHost,
  cluster: ClusterIdentity,
  options: Parameters<typeof reset>[2],
  work: Work,
): Promise<void> {
  if (typeof mark !== "object") return;
  if (membership(mark, cluster) === "foreign") return;
  await reset(remote, mark, options, work);
}
