/** A chart, where it comes from, and where its next version is announced. */
export interface ChartPin {
  readonly chart: string;
  readonly repository: string;
  readonly version: string;
  readonly releases: string;
}

/** Minor version that EKS and AKS are asked for; GKE takes that of its release channel. */
export const kubernetesMinor = "1.35";

/** Version that hosts of one's own are expected to have, and the local cluster's. */
export const kubernetesPatch = "1.35.4";

/** Images that the targets put into their clusters without a chart. */
export const images = {
  localPathProvisioner: "docker.io/rancher/local-path-provisioner:v0.0.30",
  busybox: "docker.io/library/busybox:1.37.0",
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
