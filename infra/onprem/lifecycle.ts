import {
  compareHosts,
  controlPlaneOf,
  inOrder,
  type SshClusterInputs,
} from "./hosts";
import { connectPods, init, joinAll } from "./joining";
import { markFile } from "./kubeadm";
import { remove, reset } from "./leaving";
import type { Remote } from "./ssh";
import { upgrade } from "./upgrade";
import { inspect, withHosts, type Work } from "./work";

/** A cluster that stands. */
export interface SshClusterState {
  readonly kubeconfig: string;
  /** Keys that the hosts showed, by name. */
  readonly fingerprints: Readonly<Record<string, string>>;
}

/** Makes a cluster. Nothing is changed on any host before all of them are found fit; a failure leaves none changed. */
export async function createSshCluster(
  inputs: SshClusterInputs,
  work: Work,
): Promise<SshClusterState> {
  const hosts = inOrder(inputs.hosts);
  return withHosts(hosts, work, async (remotes) => {
    const marked = await inspect(remotes, inputs, work);
    try {
      // What an earlier run of this stack began is begun anew: no host can then be in a state between two.
      for (const remote of marked) await reset(remote, work);
      const [first, ...others] = remotes;
      if (!first) throw new Error("no hosts");
      await init(first, inputs, work, `1/${hosts.length}`);
      await joinAll(first, others, inputs, work);
      return await finish(first, remotes, inputs, work);
    } catch (error) {
      work.log("taking off what was put on the hosts");
      for (const remote of [...remotes].reverse()) {
        await reset(remote, work).catch((failure: unknown) =>
          work.log(`${remote.host.name}: ${String(failure)}`),
        );
      }
      throw error;
    }
  });
}

/** Brings a cluster to other hosts, or to another version, in place. */
export async function updateSshCluster(
  olds: SshClusterInputs,
  news: SshClusterInputs,
  work: Work,
): Promise<SshClusterState> {
  const { removed, added, kept } = compareHosts(olds.hosts, news.hosts);
  const hosts = inOrder(news.hosts);
  return withHosts(hosts, work, async (remotes) => {
    const isAdded = ({ host }: Remote) => added.includes(host);
    const marked = await inspect(remotes, news, work);
    const first = remotes.find(
      ({ host }) => kept.includes(host) && host.role === "control-plane",
    );
    if (!first) throw new Error("no control-plane host stays");
    if (olds.version !== news.version) {
      await upgrade(
        first,
        remotes.filter((remote) => !isAdded(remote)),
        news,
        work,
      );
    }
    for (const host of removed) await remove(first, host, work);
    // Begun by an update that did not come to its end.
    for (const remote of marked.filter(isAdded)) await reset(remote, work);
    await joinAll(first, remotes.filter(isAdded), news, work);
    return finish(first, remotes, news, work);
  });
}

/** Takes a cluster off its hosts, workers first. */
export async function deleteSshCluster(
  inputs: SshClusterInputs,
  work: Work,
): Promise<void> {
  const hosts = [...inOrder(inputs.hosts)].reverse();
  await withHosts(hosts, work, async (remotes) => {
    for (const [index, remote] of remotes.entries()) {
      work.log(`${index + 1}/${hosts.length} ${remote.host.name}: reset`);
      await reset(remote, work);
    }
  });
}

/** The cluster as its first host knows it; undefined where that is in no cluster of this owner. */
export async function readSshCluster(
  inputs: SshClusterInputs,
  work: Work,
): Promise<SshClusterState | undefined> {
  const hosts = controlPlaneOf(inputs.hosts).slice(0, 1);
  return withHosts(hosts, work, async ([first]) => {
    const mark = await first?.run(`cat ${markFile} 2>/dev/null || true`);
    if (!first || mark?.trim() !== work.owner) return undefined;
    const fingerprints = { [first.host.name]: first.fingerprint };
    return { kubeconfig: await kubeconfig(first), fingerprints };
  });
}

async function finish(
  first: Remote,
  remotes: readonly Remote[],
  inputs: SshClusterInputs,
  work: Work,
): Promise<SshClusterState> {
  await connectPods(first, remotes, inputs, work);
  const fingerprints = Object.fromEntries(
    remotes.map(({ host, fingerprint }) => [host.name, fingerprint]),
  );
  return { kubeconfig: await kubeconfig(first), fingerprints };
}

async function kubeconfig(first: Remote): Promise<string> {
  return first.run("cat /etc/kubernetes/admin.conf");
}
