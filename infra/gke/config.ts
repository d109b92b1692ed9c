import { z } from "zod";

import { checkOverlaps, checkPodRanges, cidr } from "../network/cidr";
import { apiAllow, diskGiB } from "../cloud-config";
import type { NodePool } from "../platform";
import { checkMachines, checkSystemPool } from "../pools/machine-types";
import type { Problem } from "../problem";
import {
  checkDisks,
  computeEngine,
  regionsWithThreeZones,
  zonesOf,
} from "./rules";

/** Configuration of a stack on GKE. */
export const schema = z.strictObject({
  kind: z.literal("gke").describe("Google GKE"),
  project: z
    .string()
    .regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, {
      error: "write the project's ID, not its name or number",
    })
    .describe("ID of the project"),
  region: z
    .string()
    .refine((region) => zonesOf(region).length === 3, {
      error: `no region with three zones; choose one of ${regionsWithThreeZones.join(", ")}`,
    })
    .describe("Region with three zones, such as europe-west4"),
  gpuZones: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      "Zones of the GPU pools; not every zone of a region has every accelerator",
    ),
  network: z
    .strictObject({
      nodes: cidr(16, 24)
        .default("10.30.0.0/20")
        .describe("Range of the nodes' addresses"),
      pods: cidr(9, 20)
        .default("10.64.0.0/14")
        .describe("Range of the pods' addresses"),
      services: cidr(16, 24)
        .default("10.31.0.0/20")
        .describe("Range of the services' addresses"),
      controlPlane: cidr(28, 28)
        .default("172.16.0.0/28")
        .describe("Range of the control plane's addresses, a /28"),
    })
    .prefault({})
    .describe("Ranges of addresses"),
  apiAllow: apiAllow("network"),
  channel: z
    .enum(["RAPID", "REGULAR", "STABLE"])
    .default("REGULAR")
    .describe("Release channel, which chooses the version of Kubernetes"),
  diskGiB: diskGiB(100),
});

/** Configuration of a GKE target. */
export type GkeConfig = z.output<typeof schema>;

/** Problems of pools, CIDR ranges and zones that GKE would reject. */
export function checkPools(
  pools: readonly NodePool[],
  { network, region, gpuZones = [] }: GkeConfig,
): readonly Problem[] {
  const most = pools.reduce((sum, { max }) => sum + max, 0);
  const elsewhere = gpuZones.flatMap((zone, index) =>
    zone.startsWith(`${region}-`)
      ? []
      : [
          {
            path: `target.gpuZones[${index}]`,
            value: zone,
            remedy: `not in ${region}; write one of its zones, such as ${zonesOf(region).join(", ")}`,
          },
        ],
  );
  return [
    ...checkSystemPool(pools),
    ...checkMachines(pools, computeEngine),
    ...checkDisks(pools),
    ...checkOverlaps(
      Object.entries(network).map(([key, value]) => ({
        path: `target.network.${key}`,
        value,
      })),
    ),
    // 110 pods per node, which GKE gives twice as many addresses.
    ...checkPodRanges("target.network.pods", network.pods, 24, most),
    ...elsewhere,
  ];
}
