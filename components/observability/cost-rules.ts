import type { PrometheusRuleEntry } from "../kinds/prometheus";
import { gpuResource, poolLabel } from "../../infra/pools/placement";

/** Price of a node of a pool, for the recording rules of the dashboards. */
export interface PoolRate {
  readonly pool: string;
  /** US dollars an hour; on spot between the lowest and the highest price that was seen. */
  readonly usd: number;
  /** Whether the pool scales from zero: its nodes are then charged in full to the pods on them. */
  readonly fromZero: boolean;
}

/** Names of resources and labels as kube-state-metrics writes them. */
const written = (name: string) => name.replace(/[^a-zA-Z0-9]/g, "_");

const resources = ["cpu", "memory", written(gpuResource)].join("|");

/** Label of the pool on `kube_node_labels`, by {@link nodeLabelsAllowlist}. */
const nodePoolLabel = `label_${written(poolLabel)}`;

/** Setting of kube-state-metrics that exports the pool label of a node. */
export const nodeLabelsAllowlist = `nodes=[${poolLabel}]`;

const shareOfNode = `max by (namespace, node) (
  sum by (namespace, node, resource) (
    max by (namespace, pod, container, node, resource) (kube_pod_container_resource_requests{resource=~"${resources}", node!=""})
    * on (namespace, pod) group_left () (max by (namespace, pod) (kube_pod_status_phase{phase="Running"}) == 1)
  )
  / on (node, resource) group_left () (max by (node, resource) (kube_node_status_capacity) > 0)
) and on (namespace) kube_resourcequota`;

const nodeUsd = `max by (node, pool) (label_replace(kube_node_labels, "pool", "$1", "${nodePoolLabel}", "(.+)"))
* on (pool) group_left (from_zero) mlstack_pool_usd_per_hour`;

const teamUsd = `sum by (namespace) (
  mlstack_team_node_share * on (node) group_left () mlstack_node_usd_per_hour{from_zero="false"}
  or
  mlstack_team_node_share / on (node) group_left () (sum by (node) (mlstack_team_node_share) > 0)
  * on (node) group_left () mlstack_node_usd_per_hour{from_zero="true"}
)`;

/**
 * Recording rules for the cost of nodes and of teams' pods, calculated as in a stack's report: a pod is charged the
 * share of its node that it requests, of cores, memory or GPUs, whichever is the largest. On pools that scale from
 * zero, the shares together pay for the whole node.
 *
 * @returns none without rates
 */
export function costRules(rates: readonly PoolRate[]): PrometheusRuleEntry[] {
  if (rates.length === 0) return [];
  return [
    ...rates.map(({ pool, usd, fromZero }) => ({
      record: "mlstack_pool_usd_per_hour",
      expr: `vector(${usd.toFixed(6)})`,
      labels: { pool, from_zero: String(fromZero) },
    })),
    { record: "mlstack_node_usd_per_hour", expr: nodeUsd },
    { record: "mlstack_team_node_share", expr: shareOfNode },
    { record: "mlstack_team_usd_per_hour", expr: teamUsd },
  ];
}
