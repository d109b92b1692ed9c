import { z } from "zod";

import { checkOverlaps, checkPodRanges, cidr } from "../network/cidr";
import { apiAllow, diskGiB, minorVersion } from "../cloud-config";
import type { NodePool } from "../platform";
import { adminPattern } from "./admins";
import { checkMachines } from "../pools/machine-types";
import type { Problem } from "../problem";
import {
  azureSizes,
  checkPoolNames,
  checkSystemSize,
  regionsWithThreeZones,
} from "./rules";

/** Configuration of a stack on AKS. */
export const schema = z.strictObject({
  kind: z.literal("aks").describe("Azure AKS"),
  subscription: z
    .guid({ error: "write the ID of the subscription" })
    .describe("ID of the subscription"),
  tenant: z
    .guid({ error: "write the ID of the tenant" })
    .describe("ID of the tenant"),
  region: z
    .string()
    .refine((region) => regionsWithThreeZones.includes(region), {
      error: `no region with three zones; choose one of ${regionsWithThreeZones.join(", ")}`,
    })
    .describe("Region with three zones, such as westeurope"),
  gpuZones: z
    .array(z.enum(["1", "2", "3"]))
    .min(1)
    .optional()
    .describe(
      "Zones of the GPU pools; Azure chooses where none are named, since most sizes with GPUs are not in all (az vm list-skus --zone)",
    ),
  network: z
    .strictObject({
      cidr: cidr(12, 22)
        .default("10.40.0.0/16")
        .describe("Range of the virtual network"),
      pods: cidr(9, 20)
        .default("10.244.0.0/16")
        .describe("Range of the pods' addresses"),
      services: cidr(12, 24)
        .default("10.41.0.0/16")
        .describe("Range of the services' addresses"),
    })
    .prefault({})
    .describe("Ranges of addresses"),
  apiAllow: apiAllow("network"),
  system: z
    .strictObject({
      machineType: z
        .string()
        .default("Standard_D4s_v5")
        .describe(
          "Size of its machines, 4 processors or more and not of the B series; it cannot be changed later",
        ),
      min: z.int().min(2).default(2).describe("Minimum number of nodes"),
      max: z
        .int()
        .min(2)
        .max(10)
        .default(4)
        .describe("Maximum number of nodes"),
    })
    .refine(({ min, max }) => min <= max, {
      path: ["max"],
      error: "write no less than min",
    })
    .prefault({})
    .describe(
      "The pool `system`, which AKS creates with the cluster; it runs the cluster's own services, and pods without a pool",
    ),
  admins: z
    .array(
      z.string().regex(adminPattern, {
        error:
          "write what it is before its object ID: group:ID, user:ID, or app:ID for a service principal or managed identity",
      }),
    )
    .min(1, {
      error:
        "name a group that the one who runs this is in, or user: and their object ID (az ad signed-in-user show --query id)",
    })
    .describe(
      "Administrators of the cluster, including the identity that runs this program: group:ID, user:ID or app:ID with the object ID in Entra ID",
    ),
  version: minorVersion,
  diskGiB: diskGiB(128),
});

/** Configuration of an AKS target. */
export type AksConfig = z.output<typeof schema>;

/** Problems of pools and CIDR ranges that AKS would reject. */
export function checkPools(
  pools: readonly NodePool[],
  { network, system }: AksConfig,
): readonly Problem[] {
  const most = pools.reduce((sum, { max }) => sum + max, system.max);
  return [
    ...checkSystemSize(system.machineType),
    // An overlay gives each node 256 addresses.
    ...checkPodRanges("target.network.pods", network.pods, 24, most),
    ...checkPoolNames(pools),
    ...checkMachines(pools, azureSizes),
    ...checkOverlaps(
      Object.entries(network).map(([key, value]) => ({
        path: `target.network.${key}`,
        value,
      })),
    ),
  ];
}
