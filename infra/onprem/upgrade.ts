import type { SshClusterInputs } from "./hosts";
import type { Remote } from "./ssh";
import { kubectl, phases, type Work } from "./work";

/** Host by host, the control plane first; the hosts have the new kubeadm and kubelet already, or inspection fails. */
export async function upgrade(
  first: Remote,
  remotes: readonly Remote[],
  { version }: SshClusterInputs,
  work: Work,
): Promise<void> {
  for (const [index, remote] of remotes.entries()) {
    const { name } = remote.host;
    work.log(`${index + 1}/${remotes.length} ${name}: upgrade to ${version}`);
    const how = remote === first ? `apply v${version} --yes` : "node";
    await first.run(
      `${kubectl} drain ${name} --ignore-daemonsets --delete-emptydir-data --timeout=300s`,
      work,
    );
    await remote.run(
      `kubeadm upgrade ${how}\nsystemctl daemon-reload\nsystemctl restart kubelet`,
      { signal: work.signal, onLine: phases(remote, work) },
    );
    await first.run(`${kubectl} uncordon ${name}`, work);
  }
}
