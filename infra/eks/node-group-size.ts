import * as pulumi from "@pulumi/pulumi";

import type { NodeGroupAddress, NodeGroupBounds } from "./node-group-bounds";

/** Arguments of {@link NodeGroupSize}. */
export interface NodeGroupSizeArgs
  extends NodeGroupBounds, Pick<NodeGroupAddress, "region"> {
  readonly cluster: pulumi.Input<string>;
  readonly group: pulumi.Input<string>;
}

/**
 * Bounds of a managed node group, changed beside how many nodes the autoscaler has it have. The provider's own resource
 * sends the number that it remembers along with every change: EKS refuses a least number above it, and under a changed
 * most number ends nodes that the autoscaler added.
 */
export class NodeGroupSize extends pulumi.CustomResource {
  constructor(
    name: string,
    args: NodeGroupSizeArgs,
    opts: pulumi.CustomResourceOptions,
  ) {
    super("mlstack:index:NodeGroupSize", name, { ...args }, opts);
  }
}
