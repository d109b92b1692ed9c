import { posix } from "node:path";

import { auditFolder } from "./api-server-files";
import { criSocket } from "./kubeadm";
import { type ClusterMark, markCondition, markFile } from "./mark";
import { networkFile, routeProtocol } from "./network";
import { runToEnd } from "./lasting-run";
import type { Remote } from "./ssh";
import { volumeFolder, volumeMarkFile } from "./volumes";
import type { Work } from "./work";

/** Effect of a reset on the host and on the rest of the cluster. */
export interface ResetOptions {
  /** Whether the folder of the volumes stays, with what is in it. */
  readonly keepVolumes: boolean;
  /** Whether the other hosts stay a cluster, which a control-plane host must then be taken out of. */
  readonly clusterStays: boolean;
}

/** Takes everything of the cluster off a host that carries the mark. */
export async function reset(
  remote: Remote,
  mark: Pick<ClusterMark, "id" | "owner">,
  options: ResetOptions,
  work: Work,
): Promise<void> {
  await runToEnd(remote, resetScript(mark, options), work);
}

/**
 * Lines that take everything of a cluster off a host, also where it is there in part only; a host without the mark is
 * left alone. kubeadm leaves the rules of the packet filter, the network of the pods and the volumes.
 */
export function resetScript(
  mark: Pick<ClusterMark, "id" | "owner">,
  { keepVolumes, clusterStays }: ResetOptions,
): string {
  return `
${markCondition(mark)} || exit 0
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
command -v kubeadm >/dev/null || { echo "kubeadm is missing: install it again, for kubeadm reset" >&2; exit 1; }
kubeadm reset --force --cleanup-tmp-dir --cri-socket ${criSocket}${clusterStays ? "" : " --skip-phases=remove-etcd-member"}
${removeContainers}
${emptyFolder("/var/lib/etcd")}
${emptyFolder(auditFolder)}
rmdir ${auditFolder} ${posix.dirname(auditFolder)} 2>/dev/null || true
rm -f /etc/cni/net.d/10-mlstack.conflist
${emptyFolder("/var/lib/cni/networks/mlstack")}
rmdir /var/lib/cni/networks/mlstack /etc/kubernetes/manifests /etc/kubernetes/pki/etcd /etc/kubernetes/pki /etc/kubernetes/tmp /etc/kubernetes 2>/dev/null || true
systemctl disable --now mlstack-network.service 2>/dev/null || true
rm -f /etc/systemd/system/mlstack-network.service
ip link delete mlstack0 2>/dev/null || true
ip route flush proto ${routeProtocol} 2>/dev/null || true
${removeRules}
${keepVolumes ? `rm -f ${volumeMarkFile}` : removeVolumes}
rm -f ${networkFile} ${markFile}
rmdir /etc/mlstack 2>/dev/null || true
`;
}

/**
 * Lines that remove what kubeadm has left of the pods: one that the kubelet was making when it was stopped is not in
 * kubeadm's list, and one that does not end within a few seconds is a warning of kubeadm's alone.
 */
const removeContainers = `
containers() { ctr --address ${new URL(criSocket).pathname} --namespace k8s.io containers list --quiet 2>/dev/null || true; }
for try in 1 2 3 4 5; do
  [ -n "$(containers)" ] || break
  sleep 1
  kubeadm reset phase cleanup-node --cri-socket ${criSocket}
done
[ -z "$(containers)" ] || { echo "containers of the cluster stay on this host: $(containers | tr '\\n' ' '); end them, and go on with the next run" >&2; exit 1; }`;

/** Lines that remove what is in a folder of the cluster's, but follow no link and enter no other file system. */
function emptyFolder(folder: string): string {
  return `[ -L ${folder} ] || [ ! -d ${folder} ] || find ${folder} -xdev -mindepth 1 -delete`;
}

// Only a folder that was empty when the cluster came is marked; another one's content is not the cluster's.
const removeVolumes = `
if [ ! -L ${volumeFolder} ] && [ -f ${volumeMarkFile} ]; then
  ${emptyFolder(volumeFolder)} || echo "${volumeFolder}: another file system lies in it; that stays" >&2
  rmdir ${volumeFolder} 2>/dev/null || true
fi`;

/**
 * Lines that take Kubernetes' chains and this program's rules out of the packet filter in one step per table, and leave
 * everybody else's as they are. A chain of the CNI's port mappings is one of ours where a rule of ours leads to it.
 */
export const removeRules = `
for family in iptables ip6tables; do
  $family-save 2>/dev/null | awk '
    /^\\*/ { table = $1; count = 0; split("", own); split("", rules) }
    /^:(KUBE|MLSTACK)-/ { own[substr($1, 2)] = 1 }
    /^-A / && /KUBE-|mlstack/ {
      rules[count++] = $0
      if (match($0, /CNI-DN-[0-9a-f]+/)) own[substr($0, RSTART, RLENGTH)] = 1
    }
    /^COMMIT/ {
      print table
      for (i = 0; i < count; i++) {
        split(rules[i], word, " ")
        if (!(word[2] in own)) { sub(/^-A/, "-D", rules[i]); print rules[i] }
      }
      for (chain in own) print "-F " chain
      for (chain in own) print "-X " chain
      print "COMMIT"
    }' | $family-restore --wait 10 --noflush || [ $family = ip6tables ]
done`;
