/** A Helm chart at one pinned version. */
export interface ChartPin {
  readonly chart: string;
  readonly repository: string;
  readonly version: string;
  /** Where its releases are listed, for whoever raises the version. */
  readonly releases: string;
}

/** Every chart that the components install; nothing else names a version. */
export const charts = {
  certManager: {
    chart: "cert-manager",
    repository: "https://charts.jetstack.io",
    version: "v1.20.2",
    releases: "https://github.com/cert-manager/cert-manager/releases",
  },
  sparkOperator: {
    chart: "spark-operator",
    repository: "https://kubeflow.github.io/spark-operator",
    version: "2.4.0",
    releases: "https://github.com/kubeflow/spark-operator/releases",
  },
} as const satisfies Record<string, ChartPin>;

/** Version of Spark in our images; `SparkApplication.spec.sparkVersion` must say the same. */
export const sparkVersion = "3.5.7";
