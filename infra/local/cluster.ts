import * as pulumi from "@pulumi/pulumi";

import type { ClusterPool } from "./inputs";
import type { Versions } from "./versions";

/** Arguments of a local cluster; defaults are in `inputs.ts`. */
export interface LocalClusterArgs {
  /** Names the folder, and the context in the kubeconfig. */
  readonly name: pulumi.Input<string>;
  readonly dataDir?: pulumi.Input<string>;
  readonly subnet?: pulumi.Input<string>;
  readonly podCidr?: pulumi.Input<string>;
  readonly serviceCidr?: pulumi.Input<string>;
  readonly apiPort?: pulumi.Input<number>;
  /** Whether pods reach what this machine reaches. */
  readonly internet?: pulumi.Input<boolean>;
  readonly pools: pulumi.Input<
    readonly Pick<ClusterPool, "name" | "count" | "gpus">[]
  >;
  /** Folder of a registry's file-system driver, from which the nodes pull every image. */
  readonly registryStorage: pulumi.Input<string>;
  /** Versions of the programs; a change restarts every machine's daemons in turn. */
  readonly versions: pulumi.Input<Versions>;
}

/** Upstream Kubernetes on this machine. */
export class LocalCluster extends pulumi.CustomResource {
  /** Random ID, which the cluster's folder carries too. */
  declare readonly clusterId: pulumi.Output<string>;
  /** Secret. */
  declare readonly kubeconfig: pulumi.Output<string>;
  /** Address of the API server and of the image registry. */
  declare readonly gateway: pulumi.Output<string>;
  declare readonly nodes: pulumi.Output<readonly string[]>;
  /** Whether every machine of the cluster runs. */
  declare readonly running: pulumi.Output<boolean>;
  /** Whether no secret is in etcd as plain text. */
  declare readonly secretsEncrypted: pulumi.Output<boolean>;

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
        clusterId: undefined,
        kubeconfig: undefined,
        gateway: undefined,
        nodes: undefined,
        running: undefined,
        secretsEncrypted: undefined,
      },
      { ...opts, additionalSecretOutputs: ["kubeconfig"] },
    );
  }
}
