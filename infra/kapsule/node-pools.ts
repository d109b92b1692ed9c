import * as kubernetes from "@pulumiverse/scaleway/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { poolLabels, poolTaints } from "../pools/placement";
import type { NodePool } from "../platform";
import { poolName } from "./rules";

/** Arguments common to a cluster's node pools. */
export interface NodePoolsArgs {
  readonly cluster: pulumi.Input<string>;
  readonly region: string;
  zoneOf(pool: NodePool): string;
  readonly pools: readonly NodePool[];
  readonly diskGiB: number;
  readonly tags: readonly string[];
}

/** Pools that Kapsule's own autoscaler sizes, without public addresses. */
export class KapsuleNodePools extends pulumi.ComponentResource {
  readonly pools: readonly kubernetes.Pool[];

  constructor(
    name: string,
    args: NodePoolsArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:KapsuleNodePools", name, {}, opts);
    this.pools = args.pools.map(
      (pool) =>
        new kubernetes.Pool(`${name}-${pool.name}`, poolArgs(pool, args), {
          parent: this,
          // The autoscaler's.
          ignoreChanges: ["size"],
        }),
    );
    this.registerOutputs({});
  }
}

function poolArgs(pool: NodePool, args: NodePoolsArgs): kubernetes.PoolArgs {
  const zone = args.zoneOf(pool);
  return {
    name: poolName(pool, [zone, String(args.diskGiB)]),
    clusterId: args.cluster,
    region: args.region,
    zone,
    nodeType: pool.machineType ?? "",
    autoscaling: true,
    autohealing: true,
    size: pool.min,
    minSize: pool.min,
    maxSize: pool.max,
    publicIpDisabled: true,
    rootVolumeType: "sbs_5k",
    rootVolumeSizeInGb: args.diskGiB,
    upgradePolicy: { maxSurge: 1, maxUnavailable: 0 },
    labels: poolLabels(pool),
    taints: [...poolTaints(pool)],
    // Nodes of a pool that waits at zero come with its first pod.
    waitForPoolReady: pool.min > 0,
    tags: [...args.tags],
  };
}
