import type { PrometheusRuleSpec } from "../kinds/prometheus";
import { costRules, type PoolRate } from "./cost-rules";

/** A condition that needs a person's attention. */
export interface Alert {
  readonly name: string;
  /** PromQL; fires for each series that it answers. */
  readonly promql: string;
  /** Time for which the condition must hold, as a duration of Prometheus. */
  readonly holds: string;
  readonly severity: "warning" | "critical";
  /** One line for people, with labels as `{{ $labels.name }}`. */
  readonly summary: string;
}

/** The alerts of a stack. */
export const alerts: readonly Alert[] = [
  {
    name: "StreamLags",
    promql:
      "mlstack_stream_lag_records > 0 and on (stream) time() - mlstack_stream_commit_timestamp_seconds > 900",
    holds: "5m",
    severity: "critical",
    summary:
      "{{ $labels.stream }}: records wait, and nothing was committed for a quarter of an hour",
  },
  {
    name: "ModelDrifts",
    promql: "mlstack_drift_psi > on (model, column) mlstack_drift_limit",
    holds: "0m",
    severity: "warning",
    summary:
      "{{ $labels.model }}: {{ $labels.column }} has moved further than its limit since the training",
  },
  {
    name: "OnlineStoreNearlyFull",
    promql: "mlstack_online_memory_share > 0.8",
    holds: "5m",
    severity: "warning",
    summary:
      "{{ $labels.job }}: the online store has taken more than four fifths of its memory; raise online.memory or set online.keepHours",
  },
  {
    name: "OnlineStoreDiffers",
    promql: "mlstack_online_repaired_entities > 0",
    holds: "0m",
    severity: "warning",
    summary:
      "{{ $labels.view }}: the online store differed from its table, and was put right",
  },
  {
    name: "SparkApplicationFailed",
    promql: 'spark_application_state{state=~"FAILED|SUBMISSION_FAILED"} == 1',
    holds: "0m",
    severity: "critical",
    summary: "{{ $labels.namespace }}/{{ $labels.name }}: failed",
  },
  {
    name: "JobFailed",
    promql:
      "kube_job_status_failed > 0 and on (namespace, job_name) kube_job_status_active == 0 unless on (namespace, job_name) kube_job_status_succeeded > 0",
    holds: "0m",
    severity: "critical",
    summary: "{{ $labels.namespace }}/{{ $labels.job_name }}: failed",
  },
  {
    name: "QuotaNearlyUsed",
    promql:
      'kube_resourcequota{type="used"} / ignoring (type) (kube_resourcequota{type="hard"} > 0) > 0.9',
    holds: "10m",
    severity: "warning",
    summary:
      "{{ $labels.namespace }}: more than nine tenths of {{ $labels.resource }} are used",
  },
];

/** The same as the rules of a file, or of a PrometheusRule, with what records dollars where pools have a price. */
export function ruleGroups(
  rates: readonly PoolRate[],
): PrometheusRuleSpec["groups"] {
  const costs = costRules(rates);
  return [
    {
      name: "mlstack",
      rules: alerts.map(({ name, promql, holds, severity, summary }) => ({
        alert: name,
        expr: promql,
        for: holds,
        labels: { severity },
        annotations: { summary },
      })),
    },
    ...(costs.length > 0 ? [{ name: "mlstack-cost", rules: costs }] : []),
  ];
}
