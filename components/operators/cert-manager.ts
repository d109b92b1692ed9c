import { CertManager as CertManagerChart } from "@pulumi/kubernetes-cert-manager";
import * as pulumi from "@pulumi/pulumi";

import { chartOfRelease } from "../../infra/charts/chart-source";
import type { Platform } from "../../infra/platform";
import { restrictedNamespace } from "../guarded-namespace";
import { isolate, toPlatform, webhook } from "../network-policy";
import { charts } from "../versions";

/** cert-manager in a namespace of its own, with its CRDs: certificates for webhooks and endpoints. */
export class CertManager extends pulumi.ComponentResource {
  /** Depend on it to use the kinds of cert-manager. */
  readonly installed: pulumi.Resource;

  constructor(
    name: string,
    args: { readonly platform: Platform },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:CertManager", name, {}, opts);
    const { provider } = args.platform;
    const namespace = restrictedNamespace(name, "cert-manager", {
      parent: this,
      provider,
    });
    isolate(
      name,
      {
        namespace: namespace.metadata.name,
        // The chart's default: what the clouds' firewalls let through to nodes anyhow.
        ingress: [webhook(10250)],
        egress: toPlatform(args.platform.clusterNetwork),
      },
      { parent: this, provider },
    );
    const chart = chartOfRelease(charts.certManager);
    this.installed = new CertManagerChart(
      name,
      {
        installCRDs: true,
        // The check needs an image of its own and asks what `--wait` already knows.
        startupapicheck: { enabled: false },
        resources: requests("10m", "64Mi"),
        webhook: { resources: requests("10m", "32Mi") },
        cainjector: { resources: requests("10m", "64Mi") },
        helmOptions: {
          name: "cert-manager",
          ...chart,
          // The component fills in its own repository where none is given. The plugin takes the chart for a path where
          // the repository is no URL.
          repositoryOpts: chart.repositoryOpts ?? { repo: "." },
          namespace: namespace.metadata.name,
          atomic: true,
          timeout: 300,
        },
      },
      { parent: this, providers: { kubernetes: provider } },
    );
    this.registerOutputs();
  }
}

function requests(cpu: string, memory: string) {
  return { requests: { cpu, memory }, limits: { memory: "256Mi" } };
}
