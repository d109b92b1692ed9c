import { kubeStateMetricsPort } from "./kube-state-metrics";
import { pushgatewayPort } from "./pushgateway";
import { ofPushes, ofTeam, scrapeConfigLimits } from "./scrape-limits";

/** Name of a pod's port that is read at `/metrics`, whatever its number. */
export const metricsPort = "metrics";

/**
 * Prometheus' scrape configurations. Their labels are those of the chart's monitors: `namespace`, `pod` and
 * `container`.
 *
 * @param teams namespaces of teams; each has a scrape job of its own
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/
 */
export function scrapeConfigs(teams: readonly string[]) {
  return [
    {
      job_name: "pushgateway",
      // Pushed metrics carry their own job label.
      honor_labels: true,
      ...scrapeConfigLimits(ofPushes),
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
    podsOf(podsJob, teams.length > 0 ? [inNamespaces("drop", teams)] : []),
    ...teams.map((team) => ({
      ...podsOf(`${podsJob}-${team}`, [inNamespaces("keep", [team])]),
      ...scrapeConfigLimits(ofTeam),
    })),
  ];
}

/** Job of pods, as their series name it whichever team they are of. */
const podsJob = "pods";

function podsOf(job: string, chosen: readonly Relabeling[]) {
  return {
    job_name: job,
    // The same for all of these jobs, so that they share one watch of the API server.
    kubernetes_sd_configs: [{ role: "pod" }],
    relabel_configs: [
      ...chosen,
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
      { target_label: "job", replacement: podsJob },
    ],
  };
}

interface Relabeling {
  readonly source_labels: readonly string[];
  readonly action: "keep" | "drop";
  readonly regex: string;
}

function inNamespaces(
  action: Relabeling["action"],
  namespaces: readonly string[],
): Relabeling {
  return {
    source_labels: ["__meta_kubernetes_namespace"],
    action,
    regex: namespaces.join("|"),
  };
}

const podLabels = {
  namespace: "namespace",
  pod: "pod_name",
  container: "pod_container_name",
};
