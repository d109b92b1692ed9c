import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { chartOfRelease } from "../../infra/charts/chart-source";
import type { Platform } from "../../infra/platform";
import { egressOnly, toPlatform } from "../network-policy";
import { charts } from "../versions";

/** Istio's kinds and its control plane, without a gateway: profiles write its policies. */
export class Istio extends pulumi.ComponentResource {
  /** Depend on it to use Istio's kinds. */
  readonly installed: k8s.helm.v3.Release;

  constructor(
    name: string,
    args: {
      readonly platform: Platform;
      /** Mirror of the public sources; one that is a folder has the charts as well, as `helm pull` names them. */
      readonly source?: string;
    },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:Istio", name, {}, opts);
    const child = { parent: this, provider: args.platform.provider };
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: "istio-system" } },
      child,
    ).metadata.name;
    new k8s.networking.v1.NetworkPolicy(
      `${name}-egress`,
      {
        metadata: { namespace, name: "egress" },
        spec: egressOnly(toPlatform(args.platform.clusterNetwork)),
      },
      child,
    );
    const release = (
      pin: (typeof charts)["istioBase" | "istiod"],
      values: Readonly<Record<string, unknown>>,
      dependsOn: pulumi.Resource[],
    ) =>
      new k8s.helm.v3.Release(
        `${name}-${pin.chart}`,
        {
          name: `istio-${pin.chart}`,
          ...chartOfRelease(pin, args.source),
          namespace,
          atomic: true,
          timeout: 300,
          values,
        },
        { ...child, dependsOn },
      );
    const kinds = release(charts.istioBase, { defaultRevision: "default" }, []);
    this.installed = release(
      charts.istiod,
      {
        pilot: {
          resources: {
            requests: { cpu: "50m", memory: "256Mi" },
            limits: { memory: "1Gi" },
          },
        },
      },
      [kinds],
    );
    this.registerOutputs();
  }
}
