import * as containerservice from "@pulumi/azure-native/containerservice";
import * as pulumi from "@pulumi/pulumi";

import { poolLabels, poolTaints } from "../pools/placement";
import type { NodePool } from "../platform";
import { spotTaint, surgePercent, taintText } from "./rules";

/** Arguments common to a cluster's node pools. */
export interface PoolSettings {
  readonly version: string;
  readonly subnetId: pulumi.Input<string>;
  readonly diskGiB: number;
  /** Zones of the pools with GPUs. */
  readonly gpuZones?: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** Taints that AKS adds to those every target's pools have. */
export function addedTaints(pool: NodePool) {
  return pool.spot ? [spotTaint] : [];
}

/** A pool in the words of AKS, which are the same inside a cluster and beside it. */
export function poolProfile(
  pool: NodePool,
  { version, subnetId, diskGiB, gpuZones, tags }: PoolSettings,
) {
  const taints = [...poolTaints(pool), ...addedTaints(pool)];
  return {
    type: "VirtualMachineScaleSets",
    vmSize: pool.machineType,
    orchestratorVersion: version,
    // A pool fails where a zone lacks its size; without zones Azure looks for it in all.
    availabilityZones: pool.gpu ? gpuZones && [...gpuZones] : ["1", "2", "3"],
    enableAutoScaling: true,
    count: pool.min,
    minCount: pool.min,
    maxCount: pool.max,
    osType: "Linux",
    osSKU: "Ubuntu",
    osDiskSizeGB: diskGiB,
    vnetSubnetID: subnetId,
    enableNodePublicIP: false,
    nodeLabels: poolLabels(pool),
    ...(taints.length > 0 && { nodeTaints: taints.map(taintText) }),
    ...(pool.gpu && { gpuProfile: { driver: "Install" } }),
    ...capacity(pool),
    tags,
  };
}

function capacity({ spot }: NodePool) {
  if (!spot) return { upgradeSettings: { maxSurge: `${surgePercent}%` } };
  return {
    scaleSetPriority: "Spot",
    scaleSetEvictionPolicy: "Delete",
    // Up to the price of regular capacity.
    spotMaxPrice: -1,
  };
}

/** The pools beside the one that the cluster is made with. */
export class AksNodePools extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: PoolSettings & {
      readonly resourceGroupName: pulumi.Input<string>;
      readonly clusterName: pulumi.Input<string>;
      readonly pools: readonly NodePool[];
    },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:AksNodePools", name, {}, opts);
    for (const pool of args.pools) {
      new containerservice.AgentPool(
        `${name}-${pool.name}`,
        {
          resourceGroupName: args.resourceGroupName,
          resourceName: args.clusterName,
          agentPoolName: pool.name,
          mode: "User",
          ...poolProfile(pool, args),
        },
        // The autoscaler's to decide.
        { parent: this, ignoreChanges: ["count"] },
      );
    }
    this.registerOutputs({});
  }
}
