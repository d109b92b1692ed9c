import { kubeStateMetricsPort } from "./kube-state-metrics";
import { pushgatewayPort } from "./pushgateway";

/** Name of a pod's port that is read at `/metrics`, whatever its number. */
export const metricsPort = "metrics";

/**
 * What Prometheus reads, with the labels that the chart's monitors give: `namespace`, `pod` and `container`.
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/
 */
export function scrapeConfigs() {
  return [
    {
      job_name: "pushgateway",
      // A pushed metric says itself which job it is of.
      honor_labels: true,
      static_configs: [{ targets: [`pushgateway:${pushgatewayPort}`] }],
    },
    {
      job_name: "kube-state-metrics",
      // `namespace` and `pod` are labels of the metric itself, not of its exporter.
      honor_labels: true,
      static_configs: [
        { targets: [`kube-state-metrics:${kubeStateMetricsPort}`] },
      ],
    },
    {
      job_name: "pods",
      kubernetes_sd_configs: [{ role: "pod" }],
      relabel_configs: [
        {
          source_labels: ["__meta_kubernetes_pod_container_port_name"],
          action: "keep",
          regex: metricsPort,
        },
        {
          source_labels: ["__meta_kubernetes_pod_phase"],
          action: "drop",
          regex: "Pending|Succeeded|Failed",
        },
        ...Object.entries(podLabels).map(([label, meta]) => ({
          source_labels: [`__meta_kubernetes_${meta}`],
          target_label: label,
        })),
      ],
    },
  ];
}

const podLabels = {
  namespace: "namespace",
  pod: "pod_name",
  container: "pod_container_name",
};
