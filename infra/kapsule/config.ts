import { z } from "zod";

import { checkOverlaps, checkPodRanges, cidr } from "../network/cidr";
import { apiAllow, diskGiB, minorVersion } from "../cloud-config";
import type { NodePool } from "../platform";
import { checkMachines, checkSystemPool } from "../pools/machine-types";
import type { Problem } from "../problem";
import { checkGpuZones, instances, regions, zonesOf } from "./rules";

/** An IAM principal as it is written in a stack's file: `user:ID` or `application:ID`. */
const principal = z
  .string()
  .regex(/^(user|application):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, {
    error: "write user:ID or application:ID, with the ID that IAM shows",
  });

/** Configuration of a stack on Kapsule. */
export const schema = z.strictObject({
  kind: z.literal("kapsule").describe("Scaleway Kubernetes Kapsule"),
  project: z
    .uuid({ error: "write the project's ID, not its name" })
    .describe(
      "ID of the project; one for the stack alone, since a key of Scaleway's reaches every bucket of its project that has no policy",
    ),
  region: z.enum(regions).describe("Region, such as fr-par"),
  zone: z
    .string()
    .optional()
    .describe(
      "Zone of the pools and of their volumes; the region's first without it",
    ),
  gpuZone: z
    .string()
    .optional()
    .describe(
      "Zone of the GPU pools; not every zone has every accelerator. That of the other pools without it",
    ),
  network: z
    .strictObject({
      nodes: cidr(20, 24)
        .default("10.50.0.0/22")
        .describe("Range of the nodes' addresses"),
      pods: cidr(12, 20)
        .default("100.64.0.0/15")
        .describe("Range of the pods' addresses"),
      services: cidr(16, 24)
        .default("10.51.0.0/20")
        .describe("Range of the services' addresses"),
    })
    .prefault({})
    .describe("Ranges of addresses"),
  apiAllow: apiAllow("network"),
  version: minorVersion,
  admins: z
    .array(principal)
    .min(1, {
      error:
        "name whoever runs this program, or nobody can change the buckets' settings any more",
    })
    .describe(
      "Administrators of the buckets, as user:ID or application:ID; include the identity that runs this program",
    ),
  diskGiB: diskGiB(100),
});

/** Configuration of a Kapsule target. */
export type KapsuleConfig = z.output<typeof schema>;

/** Zone of a pool. */
export function zoneOf(
  pool: Pick<NodePool, "gpu">,
  { region, zone, gpuZone }: KapsuleConfig,
): string {
  const plain = zone ?? zonesOf(region)[0] ?? region;
  return pool.gpu ? (gpuZone ?? plain) : plain;
}

/** Problems with pools, address ranges and zones that Kapsule would refuse. */
export function checkPools(
  pools: readonly NodePool[],
  target: KapsuleConfig,
): readonly Problem[] {
  const { network, region } = target;
  const most = pools.reduce((sum, { max }) => sum + max, 0);
  const elsewhere = (["zone", "gpuZone"] as const).flatMap((key) => {
    const value = target[key];
    if (value === undefined || zonesOf(region).includes(value)) return [];
    const remedy = `not in ${region}; write one of ${zonesOf(region).join(", ")}`;
    return [{ path: `target.${key}`, value, remedy }];
  });
  const spot = pools.flatMap(({ spot: wanted }, index) =>
    wanted
      ? [
          {
            path: `pools[${index}].spot`,
            value: true,
            remedy:
              "Scaleway has no interruptible capacity; write false, or leave it out",
          },
        ]
      : [],
  );
  return [
    ...checkSystemPool(pools),
    ...checkMachines(pools, instances),
    ...spot,
    ...checkOverlaps(
      Object.entries(network).map(([key, value]) => ({
        path: `target.network.${key}`,
        value,
      })),
    ),
    // Cilium gives a node a range of 256 addresses.
    ...checkPodRanges("target.network.pods", network.pods, 24, most),
    ...elsewhere,
    ...(elsewhere.length > 0
      ? []
      : checkGpuZones(pools, (pool) => zoneOf(pool, target))),
  ];
}
