import type { Host } from "./hosts";
import type { Remote } from "./ssh";
import { kubectlOn, type Work } from "./work";

/** Takes a host that is no longer there out of etcd, by a member that stays; a host that is no member is no mistake. */
export async function removeEtcdMember(
  api: Remote,
  host: Host,
  { signal, log }: Work,
): Promise<void> {
  const etcdctl = `${kubectlOn(api)} exec --namespace=kube-system etcd-${api.host.name} -- etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt --key=/etc/kubernetes/pki/etcd/healthcheck-client.key`;
  const members = await api.run(`${etcdctl} member list`, { signal });
  const id = memberOf(members, host);
  if (id === undefined) return;
  log(`${host.name}: remove from etcd`);
  await api.run(`${etcdctl} member remove ${id}`, { signal });
}

/** ID of a host's member in what `etcdctl member list` prints; one that has never started has no name yet. */
export function memberOf(
  list: string,
  { name, address }: Host,
): string | undefined {
  const rows = list.split("\n").map((line) => line.split(", "));
  return rows.find(
    ([, , member, peers]) =>
      member === name || peers?.split(",").includes(`https://${address}:2380`),
  )?.[0];
}
