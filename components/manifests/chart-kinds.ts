import * as pulumi from "@pulumi/pulumi";

import type { ChartPin } from "../../infra/charts/chart-source";
import type { Platform } from "../../infra/platform";

/** Arguments of {@link ChartKinds}. */
export interface ChartKindsArgs {
  readonly pin: ChartPin;
  readonly platform: Pick<Platform, "kubeconfig" | "provider">;
}

/**
 * The custom resource definitions in the folder `crds` of a chart, at the chart's version. Helm would create them with
 * the first release, and leave them as they are when the version is raised: the release depends on this, and skips them.
 */
export class ChartKinds extends pulumi.CustomResource {
  constructor(
    name: string,
    { pin, platform }: ChartKindsArgs,
    opts: pulumi.CustomResourceOptions,
  ) {
    const { chart, repository, version } = pin;
    super(
      "mlstack:index:ChartKinds",
      name,
      { kubeconfig: platform.kubeconfig, chart, repository, version },
      // Before the provider is there, the cluster may not let anybody in.
      { ...opts, dependsOn: platform.provider },
    );
  }
}
