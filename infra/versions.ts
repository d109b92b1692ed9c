import type { ChartPin } from "./charts/chart-source";

/** Minor version that EKS and AKS are asked for; GKE takes that of its release channel. */
export const kubernetesMinor = "1.35";

/** Version that hosts of one's own are expected to have, and the local cluster's. */
export const kubernetesPatch = "1.35.4";

/** Images that the targets put into their clusters without a chart. */
export const images = {
  localPathProvisioner: "docker.io/rancher/local-path-provisioner:v0.0.30",
  busybox: "docker.io/library/busybox:1.37.0",
  kubeRouter: "docker.io/cloudnativelabs/kube-router:v2.1.0",
  python: "docker.io/library/python:3.11-slim-bookworm",
} as const;

/** Charts that the targets put into their clusters. */
export const charts = {
  clusterAutoscaler: {
    chart: "cluster-autoscaler",
    repository: "https://kubernetes.github.io/autoscaler",
    version: "9.59.0",
    releases: "https://github.com/kubernetes/autoscaler/releases",
  },
  nvidiaDevicePlugin: {
    chart: "nvidia-device-plugin",
    repository: "https://nvidia.github.io/k8s-device-plugin",
    version: "0.19.3",
    releases: "https://github.com/NVIDIA/k8s-device-plugin/releases",
  },
} satisfies Record<string, ChartPin>;

/** Image of the autoscaler: its minor version is the cluster's, which the chart's own default need not be. */
export const clusterAutoscalerTag = "v1.35.0";

/** Add-ons of EKS that the program installs. */
export type EksAddonName =
  | "vpc-cni"
  | "kube-proxy"
  | "coredns"
  | "metrics-server"
  | "aws-ebs-csi-driver";

/**
 * Add-ons of EKS by the cluster's minor version. With another version than these, EKS chooses what it names as that
 * version's own. The next ones: `aws eks describe-addon-versions --kubernetes-version 1.35`.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html
 */
export const eksAddons: Readonly<
  Record<string, Readonly<Record<EksAddonName, string>>>
> = {
  [kubernetesMinor]: {
    "vpc-cni": "v1.21.1-eksbuild.8",
    "kube-proxy": "v1.35.3-eksbuild.5",
    coredns: "v1.14.2-eksbuild.4",
    "metrics-server": "v0.8.1-eksbuild.6",
    "aws-ebs-csi-driver": "v1.59.0-eksbuild.1",
  },
};
