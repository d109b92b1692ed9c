import * as pulumi from "@pulumi/pulumi";

import type { Lifetime } from "./target";

/** Arguments of a teardown. */
export interface TeardownArgs {
  /** Secret. */
  readonly kubeconfig: pulumi.Input<string>;
  /** A short-lived stack removes what others have left in the cluster; a long-lived one names it, and fails. */
  readonly lifetime: Lifetime;
  /** Whether it waits, when it is made, until whoever runs this may make name spaces. */
  readonly awaitAccess: boolean;
}

/**
 * Stands between what is in a cluster and the nodes: its removal waits until the disks and load balancers that the
 * cluster made are gone. Once nodes and control plane are gone, nobody removes them, and they are paid for.
 */
export class Teardown extends pulumi.CustomResource {
  constructor(
    name: string,
    { kubeconfig, lifetime, awaitAccess }: TeardownArgs,
    opts: pulumi.CustomResourceOptions,
  ) {
    super(
      "mlstack:index:Teardown",
      name,
      { kubeconfig, remove: lifetime === "short", awaitAccess },
      opts,
    );
  }
}
