import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { chartOfRelease, type ChartPin } from "../../infra/charts/chart-source";
import type { Platform } from "../../infra/platform";
import { ChartKinds } from "../manifests/chart-kinds";
import { PodMonitor, PrometheusRule } from "../kinds/prometheus";
import { amount } from "../../infra/quantity";
import { containerSecurity } from "../pods/restricted-pod";
import { charts } from "../versions";
import { ruleGroups } from "./alerts";
import type { ObservabilityConfig } from "./config";
import { nodeLabelsAllowlist, type PoolRate } from "./cost-rules";
import { dashboardsFor } from "./dashboards";
import { grafanaDashboard } from "./grafana-dashboard";
import {
  sparkApplicationRules,
  sparkApplicationState,
} from "./kube-state-metrics";
import { pushgatewayPort } from "./pushgateway";
import { metricsPort } from "./scrape-config";
import {
  enforcedLimits,
  monitorLimits,
  ofCluster,
  ofTeam,
} from "./scrape-limits";

/** Arguments of the charts. */
export interface KubePrometheusStackArgs {
  readonly platform: Pick<
    Platform,
    "kubeconfig" | "provider" | "storage" | "volume"
  >;
  readonly namespace: pulumi.Output<string>;
  readonly config: ObservabilityConfig;
  readonly rates: readonly PoolRate[];
  /** Teams by name, which is that of their namespaces. */
  readonly teams: ReadonlyMap<string, unknown>;
  /** Password of Grafana's user `admin`. */
  readonly password: pulumi.Output<string>;
}

/** Addresses of the installed services in the cluster. */
export interface KubePrometheusStack {
  readonly pushgatewayUrl: pulumi.Output<string>;
  readonly grafanaUrl: pulumi.Output<string>;
}

/** The label by which Grafana's sidecar finds dashboards; the chart's default. */
const dashboardLabel = { grafana_dashboard: "1" };

const samplesTemplate = "samples";

/**
 * Claim of the only replica: TEMPLATE-STATEFULSET-0, and the operator calls its StatefulSet `prometheus-` and the name
 * of the Prometheus, which the chart makes of its own and `-prometheus`.
 */
const samplesClaim = `${samplesTemplate}-prometheus-${charts.kubePrometheusStack.chart}-prometheus-0`;

/** Prometheus, its operator, Alertmanager, kube-state-metrics and Grafana from their chart, and a Pushgateway from its own. */
export function kubePrometheusStack(
  name: string,
  args: KubePrometheusStackArgs,
  opts: pulumi.CustomResourceOptions,
): KubePrometheusStack {
  const { namespace, config, rates } = args;
  const admin = new k8s.core.v1.Secret(
    `${name}-grafana-admin`,
    {
      metadata: { namespace },
      stringData: pulumi.secret({
        "admin-user": "admin",
        "admin-password": args.password,
      }),
    },
    opts,
  );
  const volume = args.platform.volume(
    `${name}-samples`,
    { namespace, name: samplesClaim, size: config.storage },
    { parent: opts.parent },
  );
  const kinds = new ChartKinds(
    `${name}-kinds`,
    { pin: charts.kubePrometheusStack, platform: args.platform },
    { parent: opts.parent },
  );
  const stack = release(
    `${name}-stack`,
    { namespace, pin: charts.kubePrometheusStack },
    stackValues(args, namespace, admin.metadata.name),
    // The operator's StatefulSet takes the claim of its name that it finds.
    { ...opts, dependsOn: [volume.resource, kinds] },
  );
  const after = { ...opts, dependsOn: stack };
  const gateway = release(
    `${name}-pushgateway`,
    { namespace, pin: charts.pushgateway },
    pushgatewayValues(namespace),
    after,
  );
  monitorPods(name, args, after);
  new PrometheusRule(
    `${name}-alerts`,
    {
      metadata: { namespace, name: "mlstack" },
      spec: { groups: ruleGroups(rates) },
    },
    after,
  );
  for (const dashboard of dashboardsFor({ priced: rates.length > 0 })) {
    new k8s.core.v1.ConfigMap(
      `${name}-dashboard-${dashboard.name}`,
      {
        metadata: { namespace, labels: dashboardLabel },
        data: {
          [`mlstack-${dashboard.name}.json`]: JSON.stringify(
            grafanaDashboard(dashboard),
          ),
        },
      },
      opts,
    );
  }
  const answers = (by: k8s.helm.v3.Release, host: string, port: number) =>
    pulumi
      .all([namespace, by.status])
      .apply(([its]) => `http://${host}.${its}.svc:${port}`);
  return {
    pushgatewayUrl: answers(gateway, "pushgateway", pushgatewayPort),
    grafanaUrl: answers(stack, "grafana", 80),
  };
}

/** One monitor per team; see {@link ofTeam}. */
function monitorPods(
  name: string,
  { namespace, config, teams }: KubePrometheusStackArgs,
  opts: pulumi.CustomResourceOptions,
): void {
  const endpoint = {
    port: metricsPort,
    interval: `${config.intervalSeconds}s`,
  };
  const ofTeams = [...teams.keys()];
  new PodMonitor(
    `${name}-pods`,
    {
      metadata: { namespace, name: "pods" },
      spec: {
        // These have monitors of their own, which keep the labels that they tell.
        selector: {
          matchExpressions: [
            {
              key: "app.kubernetes.io/name",
              operator: "NotIn",
              values: ["pushgateway", "kube-state-metrics"],
            },
          ],
        },
        namespaceSelector: { any: true },
        podMetricsEndpoints: [
          {
            ...endpoint,
            ...(ofTeams.length > 0 && {
              relabelings: [
                {
                  sourceLabels: ["__meta_kubernetes_namespace"],
                  action: "drop",
                  regex: ofTeams.join("|"),
                },
              ],
            }),
          },
        ],
      },
    },
    opts,
  );
  for (const team of ofTeams)
    new PodMonitor(
      `${name}-pods-${team}`,
      {
        metadata: { namespace, name: `pods-${team}` },
        spec: {
          selector: {},
          namespaceSelector: { matchNames: [team] },
          podMetricsEndpoints: [endpoint],
          ...monitorLimits(ofTeam),
        },
      },
      opts,
    );
}

function release(
  name: string,
  {
    namespace,
    pin,
  }: { readonly namespace: pulumi.Input<string>; readonly pin: ChartPin },
  values: Readonly<Record<string, unknown>>,
  opts: pulumi.CustomResourceOptions,
): k8s.helm.v3.Release {
  return new k8s.helm.v3.Release(
    name,
    {
      name: pin.chart,
      ...chartOfRelease(pin),
      namespace,
      atomic: true,
      skipCrds: true,
      timeout: 600,
      values,
    },
    opts,
  );
}

function stackValues(
  { platform, config }: KubePrometheusStackArgs,
  namespace: pulumi.Output<string>,
  adminSecret: pulumi.Output<string>,
) {
  return {
    // Managed control planes do not allow these components to be scraped.
    kubeControllerManager: { enabled: false },
    kubeScheduler: { enabled: false },
    kubeEtcd: { enabled: false },
    kubeProxy: { enabled: false },
    // Reads the node's file systems, which no pod of a restricted namespace may.
    nodeExporter: { enabled: false },
    "kube-state-metrics": {
      rbac: { extraRules: sparkApplicationRules },
      metricLabelsAllowlist: [nodeLabelsAllowlist],
      customResourceState: { enabled: true, config: sparkApplicationState },
    },
    prometheus: {
      prometheusSpec: {
        retention: config.retention,
        retentionSize: `${Math.floor(amount(config.storage) * 0.8)}B`,
        scrapeInterval: `${config.intervalSeconds}s`,
        ...enforcedLimits(ofCluster),
        // Monitors and rules of every release, not of the chart's alone.
        podMonitorSelectorNilUsesHelmValues: false,
        serviceMonitorSelectorNilUsesHelmValues: false,
        ruleSelectorNilUsesHelmValues: false,
        storageSpec: {
          volumeClaimTemplate: {
            metadata: { name: samplesTemplate },
            spec: {
              storageClassName: platform.storage.block,
              accessModes: ["ReadWriteOnce"],
              // Size of the existing claim, which is expanded separately: another size here would replace the
              // StatefulSet.
              resources: { requests: { storage: "1Gi" } },
            },
          },
        },
      },
    },
    grafana: {
      fullnameOverride: "grafana",
      // By this name `npm run open` finds the port.
      podPortName: "http",
      admin: { existingSecret: adminSecret },
      testFramework: { enabled: false },
      // Its account would read the secrets of all namespaces, and a team's ConfigMap be a dashboard for all to see.
      rbac: { namespaced: true },
      sidecar: {
        dashboards: { searchNamespace: namespace },
        datasources: { searchNamespace: namespace },
      },
    },
  };
}

function pushgatewayValues(namespace: pulumi.Output<string>) {
  return {
    fullnameOverride: "pushgateway",
    // The label by which the network policy selects its pods.
    nameOverride: "pushgateway",
    serviceMonitor: { enabled: true, namespace },
    securityContext: {
      fsGroup: 65534,
      runAsUser: 65534,
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containerSecurityContext: containerSecurity,
    resources: {
      requests: { cpu: "10m", memory: "32Mi" },
      limits: { memory: "128Mi" },
    },
  };
}
