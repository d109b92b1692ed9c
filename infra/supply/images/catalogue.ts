/** An upstream image that is made here where it cannot be pulled, under its own name. */
export interface UpstreamImage {
  readonly reference: string;
  /** Folder of the Dockerfile beside this file. */
  readonly folder: string;
  /** Program of the toolchain that the Dockerfile copies from the context `binary`. */
  readonly binary?: string;
  readonly args?: Readonly<Record<string, string>>;
  /**
   * Whether it has Go, whose folder on this machine the Dockerfile copies from the context `go`. No node runs it: images
   * start from it, so that it is not pulled for the nodes where it can be.
   */
  readonly go?: boolean;
  readonly minutes: number;
  /** The part of a stack that runs it; every stack does unless it is given. */
  readonly part?: Part;
}

/** A part that not every stack has. */
export type Part = "training" | "serving" | "observability";

/** Parts of a stack that what is made here must do for. */
export type Parts = ReadonlySet<Part>;

/** All parts that a stack can have. */
export const everyPart: Parts = new Set([
  "training",
  "serving",
  "observability",
]);

const certManager = (component: string): UpstreamImage => ({
  reference: `quay.io/jetstack/cert-manager-${component}:v1.21.2`,
  folder: "cert-manager",
  binary: `cert-manager-${component}`,
  args: { COMPONENT: component },
  minutes: 0.1,
});

/** Base of the project's own images, and of some of these. */
export const BASE_IMAGE = "docker.io/library/debian:bookworm-slim";

/** Upstream images that a cluster without internet access needs. */
export const UPSTREAM_IMAGES: readonly UpstreamImage[] = [
  {
    reference: "registry.k8s.io/pause:3.10.1",
    folder: "pause",
    minutes: 0.3,
  },
  {
    reference: "registry.k8s.io/coredns/coredns:v1.13.1",
    folder: "coredns",
    binary: "coredns",
    minutes: 0.3,
  },
  {
    reference: "docker.io/rancher/local-path-provisioner:v0.0.30",
    folder: "local-path-provisioner",
    binary: "local-path-provisioner",
    minutes: 0.1,
  },
  {
    reference: "docker.io/cloudnativelabs/kube-router:v2.1.0",
    folder: "kube-router",
    binary: "kube-router",
    minutes: 0.4,
  },
  {
    reference: "docker.io/library/busybox:1.37.0",
    folder: "busybox",
    minutes: 0.3,
  },
  certManager("controller"),
  certManager("webhook"),
  certManager("cainjector"),
  {
    reference: "ghcr.io/kubeflow/spark-operator/controller:2.5.1",
    folder: "spark-operator",
    binary: "spark-operator",
    minutes: 2,
  },
  {
    // The tag that the manifests of v1.9.4 name.
    reference: "ghcr.io/kubeflow/training-v1/training-operator:v1-93c5489",
    folder: "training-operator",
    binary: "training-operator",
    minutes: 0.1,
    part: "training",
  },
  {
    reference: "docker.io/kserve/kserve-controller:v0.15.2",
    folder: "kserve",
    binary: "kserve-controller",
    minutes: 0.1,
    part: "serving",
  },
  {
    reference: "quay.io/prometheus/prometheus:v3.16.0",
    folder: "prometheus",
    binary: "prometheus",
    minutes: 0.1,
    part: "observability",
  },
  {
    reference: "quay.io/prometheus/pushgateway:v1.11.1",
    folder: "pushgateway",
    binary: "pushgateway",
    minutes: 0.1,
    part: "observability",
  },
  {
    reference: "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.18.0",
    folder: "kube-state-metrics",
    binary: "kube-state-metrics",
    minutes: 0.1,
    part: "observability",
  },
  {
    reference: "docker.io/library/golang:1.26-bookworm",
    folder: "golang",
    go: true,
    minutes: 0.5,
  },
  {
    reference: "docker.io/library/python:3.11-slim-bookworm",
    folder: "python",
    minutes: 0.3,
  },
];
