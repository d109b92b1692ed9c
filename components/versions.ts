import type { ChartPin, ManifestPin } from "../infra/charts/chart-source";

/** Every chart that the components install. A test holds the programs and images of infra/supply to these versions. */
export const charts = {
  certManager: {
    chart: "cert-manager",
    repository: "https://charts.jetstack.io",
    version: "v1.21.2",
    releases: "https://github.com/cert-manager/cert-manager/releases",
  },
  // From 2.5.2 on its webhook refuses `spark.kubernetes.driver.master`, by which a job of one node runs in its driver.
  sparkOperator: {
    chart: "spark-operator",
    repository: "https://kubeflow.github.io/spark-operator",
    version: "2.5.1",
    releases: "https://github.com/kubeflow/spark-operator/releases",
  },
  istioBase: {
    chart: "base",
    repository: "https://istio-release.storage.googleapis.com/charts",
    version: "1.27.3",
    releases: "https://github.com/istio/istio/releases",
  },
  istiod: {
    chart: "istiod",
    repository: "https://istio-release.storage.googleapis.com/charts",
    version: "1.27.3",
    releases: "https://github.com/istio/istio/releases",
  },
  kserveKinds: {
    chart: "kserve-crd",
    repository: "oci://ghcr.io/kserve/charts",
    version: "v0.15.2",
    releases: "https://github.com/kserve/kserve/releases",
  },
  kserve: {
    chart: "kserve",
    repository: "oci://ghcr.io/kserve/charts",
    version: "v0.15.2",
    releases: "https://github.com/kserve/kserve/releases",
  },
  strimzi: {
    chart: "strimzi-kafka-operator",
    repository: "https://strimzi.io/charts/",
    version: "0.49.1",
    releases: "https://github.com/strimzi/strimzi-kafka-operator/releases",
  },
  kubePrometheusStack: {
    chart: "kube-prometheus-stack",
    repository: "https://prometheus-community.github.io/helm-charts",
    version: "88.5.3",
    releases: "https://github.com/prometheus-community/helm-charts/releases",
  },
  pushgateway: {
    chart: "prometheus-pushgateway",
    repository: "https://prometheus-community.github.io/helm-charts",
    version: "3.8.0",
    releases: "https://github.com/prometheus-community/helm-charts/releases",
  },
} as const satisfies Record<string, ChartPin>;

/** Images that the components run without a chart; the toolchain builds the same versions from their Go modules. */
export const images = {
  prometheus: "quay.io/prometheus/prometheus:v3.16.0",
  pushgateway: "quay.io/prometheus/pushgateway:v1.11.1",
  kubeStateMetrics:
    "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.18.0",
} as const;

/** Every kustomization that the components install; nothing else names a tag. */
export const manifests = {
  trainingOperator: {
    repository: "https://github.com/kubeflow/training-operator",
    tag: "v1.9.4",
    path: "manifests/overlays/standalone",
    releases: "https://github.com/kubeflow/training-operator/releases",
  },
  pipelineKinds: {
    repository: "https://github.com/kubeflow/pipelines",
    tag: "2.16.0",
    path: "manifests/kustomize/env/cert-manager/cluster-scoped-resources",
    releases: "https://github.com/kubeflow/pipelines/releases",
  },
  pipelines: {
    repository: "https://github.com/kubeflow/pipelines",
    tag: "2.16.0",
    path: "manifests/kustomize/env/cert-manager/platform-agnostic-k8s-native",
    releases: "https://github.com/kubeflow/pipelines/releases",
  },
  notebooks: {
    repository: "https://github.com/kubeflow/kubeflow",
    tag: "v1.10.0",
    path: "components/notebook-controller/config/overlays/kubeflow",
    releases: "https://github.com/kubeflow/kubeflow/releases",
  },
  profiles: {
    repository: "https://github.com/kubeflow/kubeflow",
    tag: "v1.10.0",
    path: "components/profile-controller/config/overlays/kubeflow",
    releases: "https://github.com/kubeflow/kubeflow/releases",
  },
  kubeflowRoles: {
    repository: "https://github.com/kubeflow/manifests",
    tag: "v1.10.2",
    path: "common/kubeflow-roles/base",
    releases: "https://github.com/kubeflow/manifests/releases",
  },
  dashboard: {
    repository: "https://github.com/kubeflow/kubeflow",
    tag: "v1.10.0",
    path: "components/centraldashboard/manifests/base",
    releases: "https://github.com/kubeflow/kubeflow/releases",
  },
} as const satisfies Record<string, ManifestPin>;

/** Version of Spark in our images; `SparkApplication.spec.sparkVersion` must say the same. */
export const sparkVersion = "3.5.7";

/** Version of Kafka that the operator runs; our image's `pom.xml` has the same. */
export const kafkaVersion = "4.1.1";
