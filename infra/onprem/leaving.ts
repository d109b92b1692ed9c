import type { Host } from "./hosts";
import { resetScript } from "./kubeadm";
import { Remote } from "./ssh";
import { kubectl, phases, type Work } from "./work";

/** Takes everything of the cluster off a host. */
export async function reset(remote: Remote, work: Work): Promise<void> {
  // Not ended early: a host between two states is of no use to anybody.
  await remote.run(resetScript(work.owner), { onLine: phases(remote, work) });
}

/** Moves a host's pods elsewhere and takes it out; one that no longer answers is only forgotten. */
export async function remove(
  first: Remote,
  host: Host,
  work: Work,
): Promise<void> {
  const { signal } = work;
  work.log(`${host.name}: drain`);
  const remote = await Remote.connect(host, signal).catch(() => undefined);
  const patience = remote ? 300 : 15;
  await first
    .run(
      `${kubectl} drain ${host.name} --ignore-daemonsets --delete-emptydir-data --timeout=${patience}s`,
      { signal },
    )
    .catch((error: unknown) => work.log(String(error)));
  if (remote) await reset(remote, work).finally(() => remote.close());
  else work.log(`${host.name}: does not answer; it keeps what is on it`);
  await first.run(`${kubectl} delete node ${host.name} --ignore-not-found`, {
    signal,
  });
}
