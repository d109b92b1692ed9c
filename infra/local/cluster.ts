import * as pulumi from "@pulumi/pulumi";

import type { ClusterPool } from "./inputs";

/** What a local cluster is; what is left out has a default, see `inputs.ts`. */
export interface LocalClusterArgs {
  /** Names the folder, and the context in the kubeconfig. */
  readonly name: pulumi.Input<string>;
  readonly dataDir?: pulumi.Input<string>;
  readonly subnet?: pulumi.Input<string>;
  readonly podCidr?: pulumi.Input<string>;
  readonly serviceCidr?: pulumi.Input<string>;
  readonly apiPort?: pulumi.Input<number>;
  readonly pools: pulumi.Input<
    readonly Pick<ClusterPool, "name" | "count" | "gpus">[]
  >;
  /** Folder of a registry's file-system driver, from which the nodes pull every image. */
  readonly registryStorage: pulumi.Input<string>;
}

/** Upstream Kubernetes on this machine. */
export class LocalCluster extends pulumi.CustomResource {
  /** Secret. */
  declare readonly kubeconfig: pulumi.Output<string>;
  /** Address of the API server and of the image registry. */
  declare readonly gateway: pulumi.Output<string>;
  declare readonly nodes: pulumi.Output<readonly string[]>;
  /** Whether every machine of the cluster runs. */
  declare readonly running: pulumi.Output<boolean>;

  constructor(
    name: string,
    args: LocalClusterArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "mlstack:index:LocalCluster",
      name,
      {
        ...args,
        kubeconfig: undefined,
        gateway: undefined,
        nodes: undefined,
        running: undefined,
      },
      { ...opts, additionalSecretOutputs: ["kubeconfig"] },
    );
  }
}
