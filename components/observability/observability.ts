import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { linkLocal } from "../../infra/network/destinations";
import type { Platform } from "../../infra/platform";
import { RandomSecret } from "../../infra/random-secret";
import { restrictedNamespace } from "../guarded-namespace";
import {
  allPods,
  egressOnly,
  ingressOnly,
  isolate,
  ownPods,
  toDestination,
  toOutside,
  toPlatform,
  webhook,
} from "../network-policy";
import type { Team } from "../teams/team";
import { teamNamespaces } from "../teams/label";
import type { ObservabilityConfig } from "./config";
import type { PoolRate } from "./cost-rules";
import { DashboardsPage } from "./dashboards-page";
import { kubePrometheusStack } from "./kube-prometheus-stack";
import { kubeStateMetrics } from "./kube-state-metrics";
import { metrics, observabilityNamespace } from "./namespace";
import { prometheus } from "./prometheus";
import { pushgateway, pushgatewayPort } from "./pushgateway";
import { metricsPort } from "./scrape-config";

/** Port of a kubelet's API on its node. */
const kubeletPort = 10250;

/** Arguments of {@link Observability}. */
export interface ObservabilityArgs {
  readonly platform: Platform;
  readonly config: ObservabilityConfig;
  /** Teams whose pods may push, and whose ports named `metrics` are read. */
  readonly teams: ReadonlyMap<string, Team>;
  /** Hourly prices of the pools' nodes; none where they have no price. */
  readonly rates: readonly PoolRate[];
}

/** Prometheus with the stack's dashboards and alerts, a Pushgateway for jobs that end, and the network policies of both. */
export class Observability extends pulumi.ComponentResource {
  /** `http://HOST:9091`, in the cluster: where pods of a team push what they measured; known when it answers. */
  readonly pushgatewayUrl: pulumi.Output<string>;
  readonly dashboards: DashboardsPage;
  private readonly child: pulumi.CustomResourceOptions;

  constructor(
    private readonly name: string,
    private readonly args: ObservabilityArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:Observability", name, {}, opts);
    this.child = { parent: this, provider: args.platform.provider };
    const namespace = restrictedNamespace(
      name,
      observabilityNamespace,
      this.child,
    ).metadata.name;
    this.close(namespace);
    this.openTeams();
    const { pushgatewayUrl, dashboards } =
      kindOf(args) === "chart" ? this.chart(namespace) : this.plain(namespace);
    this.pushgatewayUrl = pushgatewayUrl;
    this.dashboards = dashboards;
    this.registerOutputs({ pushgatewayUrl });
  }

  private plain(namespace: pulumi.Output<string>) {
    kubeStateMetrics(namespace, this.child);
    const url = prometheus({ ...this.args, namespace }, this.child);
    return {
      pushgatewayUrl: pushgateway(namespace, this.child),
      dashboards: new DashboardsPage(
        "dashboards",
        { url, path: "/consoles/index.html" },
        { parent: this },
      ),
    };
  }

  private chart(namespace: pulumi.Output<string>) {
    const password = new RandomSecret(
      `${this.name}-grafana-admin`,
      { bytes: 24 },
      { parent: this },
    ).hex;
    const { pushgatewayUrl, grafanaUrl } = kubePrometheusStack(
      this.name,
      { ...this.args, namespace, password },
      this.child,
    );
    return {
      pushgatewayUrl,
      dashboards: new DashboardsPage(
        "dashboards",
        { url: grafanaUrl, path: "/dashboards?tag=mlstack", password },
        { parent: this },
      ),
    };
  }

  /** Teams push metrics; only Prometheus reads those of others, and only users who forward a port read Prometheus. */
  private close(namespace: pulumi.Output<string>): void {
    isolate(
      this.name,
      {
        namespace,
        // That of the Prometheus operator, where the chart brings it.
        ingress: [webhook(10250)],
        egress: this.egress(),
      },
      this.child,
    );
    new k8s.networking.v1.NetworkPolicy(
      `${this.name}-pushgateway-ingress`,
      {
        metadata: { namespace, name: `${this.name}-pushgateway-ingress` },
        spec: ingressOnly(
          [
            { from: [ownPods] },
            {
              from: [{ namespaceSelector: teamNamespaces }],
              ports: [{ port: pushgatewayPort }],
            },
          ],
          { "app.kubernetes.io/name": "pushgateway" },
        ),
      },
      this.child,
    );
  }

  /** Prometheus reads ports of pods everywhere; that of the chart reads kubelets too, and Alertmanager sends messages. */
  private egress() {
    const { clusterNetwork } = this.args.platform;
    const kubelets = clusterNetwork.closed
      .filter((cidr) => cidr !== linkLocal)
      .map((cidr) => toDestination({ cidr, ports: [kubeletPort] }));
    return [
      ...toPlatform(clusterNetwork),
      { to: [allPods] },
      ...(kindOf(this.args) === "chart"
        ? [toOutside(clusterNetwork), ...kubelets]
        : []),
    ];
  }

  /** A team's own policy knows its own pods only; policies add up. */
  private openTeams(): void {
    for (const [team, { namespace }] of this.args.teams) {
      new k8s.networking.v1.NetworkPolicy(
        `${this.name}-${team}-metrics`,
        {
          metadata: { namespace, name: "metrics" },
          spec: ingressOnly([metrics(metricsPort)]),
        },
        this.child,
      );
      new k8s.networking.v1.NetworkPolicy(
        `${this.name}-${team}-push`,
        {
          metadata: { namespace, name: "push" },
          spec: egressOnly([
            toDestination({
              namespace: observabilityNamespace,
              ports: [pushgatewayPort],
            }),
          ]),
        },
        this.child,
      );
    }
  }
}

/** The chart's images are not available where all images come from this machine. */
function kindOf({ config, platform }: ObservabilityArgs): "chart" | "plain" {
  return (
    config.kind ?? (platform.images.storage === undefined ? "chart" : "plain")
  );
}

/** The observability of a stack that asks for it. */
export function observe(args: ObservabilityArgs): Observability | undefined {
  return args.config.enabled
    ? new Observability("observability", args)
    : undefined;
}
