import type * as k8s from "@pulumi/kubernetes";

import { podsOf } from "../network-policy";

/** Namespace of Prometheus, the Pushgateway and the dashboards. */
export const observabilityNamespace = "observability";

/** Scrape target in other namespaces: a port, by its number or name. */
export function metrics(
  port: number | string,
): k8s.types.input.networking.v1.NetworkPolicyIngressRule {
  return { from: [podsOf(observabilityNamespace)], ports: [{ port }] };
}
