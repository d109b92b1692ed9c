import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../../infra/platform";
import type { Team } from "../team";
import type { ObservabilityConfig } from "./config";
import { pushgateway, pushgatewayPort } from "./pushgateway";

/** What observability stands on. */
export interface ObservabilityArgs {
  readonly platform: Platform;
  readonly config: ObservabilityConfig;
  /** Teams whose pods may push, and whose ports named `metrics` are read. */
  readonly teams: ReadonlyMap<string, Team>;
}

const namespaceName = "observability";

/** Port of a pod that Prometheus reads at `/metrics`, whatever its number. */
export const metricsPort = "metrics";

const sameNamespace: k8s.types.input.networking.v1.NetworkPolicyPeer = {
  podSelector: {},
};

const teamNamespaces: k8s.types.input.networking.v1.NetworkPolicyPeer = {
  namespaceSelector: {
    matchExpressions: [{ key: "mlstack.dev/team", operator: "Exists" }],
  },
};

/** Prometheus, a Pushgateway for jobs that end, and the walls' openings for both. */
export class Observability extends pulumi.ComponentResource {
  /** `http://HOST:9091`, in the cluster: where pods of a team push what they measured; known when it answers. */
  readonly pushgatewayUrl: pulumi.Output<string>;
  private readonly child: pulumi.CustomResourceOptions;

  constructor(
    name: string,
    private readonly args: ObservabilityArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:Observability", name, {}, opts);
    this.child = { parent: this, provider: args.platform.provider };
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      {
        metadata: {
          name: namespaceName,
          labels: { "pod-security.kubernetes.io/enforce": "restricted" },
        },
      },
      this.child,
    ).metadata.name;
    this.wall(`${name}-pushes`, namespace, "pushgateway", [
      { from: [sameNamespace] },
      { from: [teamNamespaces], ports: [{ port: pushgatewayPort }] },
    ]);
    this.openTeams(name);
    this.pushgatewayUrl = pushgateway(namespace, this.child);
    this.registerOutputs({ pushgatewayUrl: this.pushgatewayUrl });
  }

  private wall(
    name: string,
    namespace: pulumi.Input<string>,
    pods: string,
    ingress: k8s.types.input.networking.v1.NetworkPolicyIngressRule[],
  ): void {
    new k8s.networking.v1.NetworkPolicy(
      name,
      {
        metadata: { namespace },
        spec: {
          podSelector: { matchLabels: { "app.kubernetes.io/name": pods } },
          policyTypes: ["Ingress"],
          ingress,
        },
      },
      this.child,
    );
  }

  /** A team's own policy lets its own pods in only; policies add up. */
  private openTeams(name: string): void {
    for (const [team, { namespace }] of this.args.teams) {
      new k8s.networking.v1.NetworkPolicy(
        `${name}-${team}-metrics`,
        {
          metadata: { namespace, name: "metrics" },
          spec: {
            podSelector: {},
            policyTypes: ["Ingress"],
            ingress: [
              {
                from: [
                  {
                    namespaceSelector: {
                      matchLabels: {
                        "kubernetes.io/metadata.name": namespaceName,
                      },
                    },
                  },
                ],
                ports: [{ port: metricsPort }],
              },
            ],
          },
        },
        this.child,
      );
    }
  }
}

/** The observability of a stack that asks for it. */
export function observe(args: ObservabilityArgs): Observability | undefined {
  return args.config.enabled
    ? new Observability("observability", args)
    : undefined;
}
