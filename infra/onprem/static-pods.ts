/** Ports that say whether a static pod of the control plane runs. */
const ports = {
  etcd: 2379,
  "kube-apiserver": 6443,
  "kube-controller-manager": 10257,
  "kube-scheduler": 10259,
} as const;

/** A static pod of kubeadm's control plane. */
export type StaticPod = keyof typeof ports;

/** All of them, in the order in which they need each other. */
export const staticPods = Object.keys(ports) as readonly StaticPod[];

/**
 * Lines that restart static pods, one after the other: such a pod ends when its manifest goes, and starts when it
 * comes back. The manifest comes back whatever happens in between.
 */
export function restartScript(...pods: readonly StaticPod[]): string {
  const pairs = pods.map((name) => `${name}:${ports[name]}`).join(" ");
  return `
manifests=/etc/kubernetes/manifests
aside=/etc/mlstack/manifests
mkdir -p "$aside"
restore() { for file in "$aside"/*.yaml; do [ ! -e "$file" ] || mv "$file" "$manifests/"; done; rmdir "$aside"; }
trap restore EXIT
listens() { awk -v port="$(printf ':%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' /proc/net/tcp /proc/net/tcp6; }
await() {
  for try in $(seq 240); do
    if listens "$2"; then state=up; else state=down; fi
    [ "$state" != "$1" ] || return 0
    sleep 0.5
  done
  echo "port $2 is not $1 after 120 s" >&2
  return 1
}
for pair in ${pairs}; do
  name=\${pair%:*} port=\${pair#*:}
  mv "$manifests/$name.yaml" "$aside/"
  await down "$port"
  mv "$aside/$name.yaml" "$manifests/"
  await up "$port"
done
`;
}
