import { z } from "zod";

import { checkOverlaps, checkPodRanges, cidr } from "../cidr";
import { apiAllow, diskGiB, minorVersion } from "../cloud-config";
import type { NodePool } from "../platform";
import { adminPattern } from "./admins";
import { checkMachines, checkSystemPool } from "../pool-rules";
import type { Problem } from "../problem";
import { azureSizes, checkPoolNames, regionsWithThreeZones } from "./rules";

/** Where a stack on AKS goes. */
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
      "Who administers the cluster, the one that runs this program among them: group:ID, user:ID or app:ID with the object ID in Entra ID",
    ),
  version: minorVersion,
  diskGiB: diskGiB(128),
});

/** Configuration of an AKS target. */
export type AksConfig = z.output<typeof schema>;

/** What AKS refuses about pools and ranges. */
export function checkPools(
  pools: readonly NodePool[],
  { network }: AksConfig,
): readonly Problem[] {
  const most = pools.reduce((sum, { max }) => sum + max, 0);
  return [
    // An overlay gives each node 256 addresses.
    ...checkPodRanges("target.network.pods", network.pods, 24, most),
    ...checkPoolNames(pools),
    ...checkSystemPool(pools),
    ...checkMachines(pools, azureSizes),
    ...checkOverlaps(
      Object.entries(network).map(([key, value]) => ({
        path: `target.network.${key}`,
        value,
      })),
    ),
  ];
}
