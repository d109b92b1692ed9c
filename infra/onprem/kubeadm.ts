import { podPidsLimit } from "../pod-processes";
import { apiServerSettings } from "./api-server-files";
import type { Host, SshClusterInputs } from "./hosts";

/** Runtime of every host. */
export const criSocket = "unix:///run/containerd/containerd.sock";

/** Path of kubeadm's configuration on a host during a command. */
export const documentFile = "/etc/mlstack/kubeadm.yaml";

const apiVersion = "kubeadm.k8s.io/v1beta4";

/**
 * Documents for the host that the cluster begins with.
 *
 * @param names more names and addresses that the API servers' certificates have
 */
export function initDocuments(
  inputs: SshClusterInputs,
  first: Host,
  names: readonly string[] = [],
): string {
  return documents([
    initConfiguration(inputs, first),
    {
      apiVersion,
      kind: "ClusterConfiguration",
      clusterName: inputs.name,
      kubernetesVersion: `v${inputs.version}`,
      controlPlaneEndpoint: inputs.endpoint,
      apiServer: {
        ...(names.length > 0 && { certSANs: names }),
        ...apiServerSettings,
      },
      networking: { podSubnet: inputs.pods, serviceSubnet: inputs.services },
      controllerManager: {
        // A /24 a node, whose routes this program keeps.
        extraArgs: [{ name: "node-cidr-mask-size", value: "24" }],
      },
    },
    {
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      podPidsLimit,
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

/** Documents for a host of a cluster that stands, whose configuration is given. */
export function standingDocuments(
  inputs: SshClusterInputs,
  host: Host,
  configuration: object,
): string {
  return documents([initConfiguration(inputs, host), configuration]);
}

/** Credentials with which a host joins, and the authority by which it verifies the cluster. */
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

function initConfiguration(inputs: SshClusterInputs, host: Host): object {
  return {
    apiVersion,
    kind: "InitConfiguration",
    nodeRegistration: registration(inputs, host),
    localAPIEndpoint: { advertiseAddress: host.address, bindPort: 6443 },
  };
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
