import type { Host, SshClusterInputs } from "./hosts";

/** Runtime of every host. */
export const criSocket = "unix:///run/containerd/containerd.sock";

/** Where a host's kubeadm document lies while it is read. */
export const documentFile = "/etc/mlstack/kubeadm.yaml";

const apiVersion = "kubeadm.k8s.io/v1beta4";

/** Documents for the host that the cluster begins with. */
export function initDocuments(inputs: SshClusterInputs, first: Host): string {
  return documents([
    {
      apiVersion,
      kind: "InitConfiguration",
      nodeRegistration: registration(inputs, first),
      localAPIEndpoint: { advertiseAddress: first.address, bindPort: 6443 },
    },
    {
      apiVersion,
      kind: "ClusterConfiguration",
      clusterName: inputs.name,
      kubernetesVersion: `v${inputs.version}`,
      controlPlaneEndpoint: inputs.endpoint,
      networking: { podSubnet: inputs.pods, serviceSubnet: inputs.services },
      controllerManager: {
        // A /24 a node, whose routes this program keeps.
        extraArgs: [{ name: "node-cidr-mask-size", value: "24" }],
      },
    },
    {
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      ...inputs.kubelet,
    },
    {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      clusterCIDR: inputs.pods,
      ...inputs.kubeProxy,
    },
  ]);
}

/** How a host proves that it may join, and knows whom it joins. */
export interface Invitation {
  readonly token: string;
  /** `sha256:…` of the cluster's certificate authority. */
  readonly authority: string;
  /** Key to the control plane's certificates; for hosts that become part of it. */
  readonly certificateKey?: string;
}

/** Document for a host that joins. */
export function joinDocument(
  inputs: SshClusterInputs,
  host: Host,
  { token, authority, certificateKey }: Invitation,
): string {
  const controlPlane = {
    localAPIEndpoint: { advertiseAddress: host.address, bindPort: 6443 },
    certificateKey,
  };
  return documents([
    {
      apiVersion,
      kind: "JoinConfiguration",
      nodeRegistration: registration(inputs, host),
      discovery: {
        bootstrapToken: {
          apiServerEndpoint: inputs.endpoint,
          token,
          caCertHashes: [authority],
        },
      },
      ...(host.role === "control-plane" && { controlPlane }),
    },
  ]);
}

function registration({ ignorePreflightErrors }: SshClusterInputs, host: Host) {
  const labels = Object.entries(host.labels).map((pair) => pair.join("="));
  return {
    name: host.name,
    criSocket,
    // An empty list is not the same as none: without a list kubeadm taints control-plane hosts.
    taints: host.taints,
    ...(ignorePreflightErrors.length > 0 && { ignorePreflightErrors }),
    kubeletExtraArgs: [
      { name: "node-ip", value: host.address },
      ...(labels.length > 0
        ? [{ name: "node-labels", value: labels.join(",") }]
        : []),
    ],
  };
}

/** JSON is YAML. */
function documents(objects: readonly object[]): string {
  return objects
    .map((object) => JSON.stringify(object, null, 2))
    .join("\n---\n");
}

/** Mark that a host is in a cluster of ours, and of whose stack. */
export const markFile = "/etc/mlstack/cluster";

/**
 * Lines that take everything of a cluster off a host, also where it is there in part only; a host without the owner's
 * mark is left alone. kubeadm leaves the rules of the packet filter, the network of the pods and the volumes.
 */
export function resetScript(owner: string): string {
  return `
grep -qxF '${owner}' ${markFile} 2>/dev/null || exit 0
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
kubeadm reset --force --cri-socket ${criSocket}
rm -rf /etc/cni/net.d/10-mlstack.conflist /var/lib/cni/networks/mlstack /etc/kubernetes
systemctl disable --now mlstack-network.service 2>/dev/null || true
rm -f /etc/systemd/system/mlstack-network.service
ip link delete mlstack0 2>/dev/null || true
ip route flush proto ${routeProtocol} 2>/dev/null || true
iptables-save | grep -v -e KUBE- -e CNI- -e mlstack | iptables-restore
rm -rf ${volumeFolder} /etc/mlstack
`;
}

/** Number by which the routes of this program are told from others. */
export const routeProtocol = 91;

/** Where local volumes lie. */
export const volumeFolder = "/var/lib/mlstack-volumes";
