import * as container from "@pulumi/gcp/container";
import * as pulumi from "@pulumi/pulumi";

import { poolLabels, spotTaints } from "../pools/placement";
import type { NodePool } from "../platform";
import { accelerator, diskType, nodePoolName } from "./rules";

/** Arguments common to a cluster's node pools. */
export interface NodePoolsArgs {
  readonly cluster: pulumi.Input<string>;
  readonly region: string;
  readonly serviceAccount: pulumi.Input<string>;
  readonly pools: readonly NodePool[];
  readonly gpuZones?: readonly string[];
  readonly networkTag: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly diskGiB: number;
}

/** Node pools that GKE sizes itself, between bounds that count over all zones. */
export class GkeNodePools extends pulumi.ComponentResource {
  readonly pools: readonly container.NodePool[];

  constructor(
    name: string,
    args: NodePoolsArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:GkeNodePools", name, {}, opts);
    const make = (pool: NodePool, dependsOn: readonly pulumi.Resource[]) =>
      new container.NodePool(`${name}-${pool.name}`, poolArgs(pool, args), {
        parent: this,
        dependsOn: [...dependsOn],
        ignoreChanges: ["initialNodeCount"],
      });
    // GKE taints nodes with accelerators only where other nodes are already there to take the rest.
    const plain = args.pools.filter(({ gpu }) => !gpu);
    const accelerated = args.pools.filter(({ gpu }) => gpu);
    const first = plain.map((pool) => make(pool, []));
    this.pools = [...first, ...accelerated.map((pool) => make(pool, first))];
    this.registerOutputs({});
  }
}

function poolArgs(pool: NodePool, args: NodePoolsArgs): container.NodePoolArgs {
  const gpu = accelerator(pool);
  return {
    name: nodePoolName(pool),
    cluster: args.cluster,
    location: args.region,
    nodeLocations: gpu && args.gpuZones ? [...args.gpuZones] : undefined,
    // Counted in each zone; the autoscaler corrects it to the bounds.
    initialNodeCount: pool.min > 0 ? 1 : 0,
    autoscaling: {
      totalMinNodeCount: pool.min,
      totalMaxNodeCount: pool.max,
      // Spot capacity and accelerators are where they are.
      locationPolicy: pool.spot || gpu ? "ANY" : "BALANCED",
    },
    management: { autoRepair: true, autoUpgrade: true },
    upgradeSettings: { maxSurge: 1, maxUnavailable: 0 },
    nodeConfig: {
      machineType: pool.machineType,
      spot: pool.spot,
      diskSizeGb: args.diskGiB,
      diskType: diskType(pool.machineType ?? ""),
      imageType: "COS_CONTAINERD",
      serviceAccount: args.serviceAccount,
      oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"],
      workloadMetadataConfig: { mode: "GKE_METADATA" },
      shieldedInstanceConfig: {
        enableIntegrityMonitoring: true,
        enableSecureBoot: true,
      },
      labels: poolLabels(pool),
      // That of accelerators GKE adds by itself.
      taints: spotTaints(pool).map((taint) => ({
        ...taint,
        effect: "NO_SCHEDULE",
      })),
      resourceLabels: args.labels,
      tags: [args.networkTag],
      guestAccelerators: gpu && [
        {
          ...gpu,
          gpuDriverInstallationConfig: { gpuDriverVersion: "DEFAULT" },
        },
      ],
    },
  };
}
