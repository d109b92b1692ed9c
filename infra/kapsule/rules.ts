import { nameWithin } from "../names/name-limits";
import { digest, slug, worldwide } from "../names/naming";
import type { NodePool } from "../platform";
import {
  type Machine,
  type MachineCatalog,
  type NodeSize,
  nodeSizeOf,
} from "../pools/machine-types";
import type { Problem } from "../problem";
import { tagPairs } from "../tags";
import type { Tags } from "../target";
import { nameLimits } from "./name-limits";

/** Regions that have Kapsule. @see https://www.scaleway.com/en/docs/account/reference-content/products-availability/ */
export const regions = ["fr-par", "nl-ams", "pl-waw"] as const;

/** Zones of a region. */
export function zonesOf(region: string): readonly string[] {
  return [1, 2, 3].map((number) => `${region}-${number}`);
}

interface GpuMachine {
  readonly gpus: number;
  readonly gpuType: string;
  readonly cores: number;
  readonly gibibytes: number;
  readonly zones: readonly string[];
}

/**
 * Instances with accelerators, and the zones that have them.
 *
 * @see https://www.scaleway.com/en/docs/gpu/reference-content/choosing-gpu-instance-type/
 * @see https://www.scaleway.com/en/docs/account/reference-content/products-availability/
 */
const gpuMachines: Readonly<Record<string, GpuMachine>> = {
  ...sizes("L4", "24G", "nvidia-l4", [1, 2, 4, 8], 8, 48, [
    "fr-par-2",
    "pl-waw-2",
  ]),
  ...sizes("L40S", "48G", "nvidia-l40s", [1, 2, 4, 8], 8, 96, [
    "fr-par-2",
    "pl-waw-2",
  ]),
  ...sizes("H100", "80G", "nvidia-h100-80gb", [1, 2], 24, 240, [
    "fr-par-2",
    "pl-waw-2",
  ]),
};

function sizes(
  family: string,
  memory: string,
  gpuType: string,
  counts: readonly number[],
  cores: number,
  gibibytes: number,
  zones: readonly string[],
): Record<string, GpuMachine> {
  return Object.fromEntries(
    counts.map((gpus) => [
      `${family}-${gpus}-${memory}`,
      {
        ...{ gpus, gpuType, zones },
        cores: gpus * cores,
        gibibytes: gpus * gibibytes,
      },
    ]),
  );
}

/** Cores and GiB of the general-purpose instances whose names do not say them. */
const pro2: Readonly<Record<string, readonly [number, number]>> = {
  "PRO2-XXS": [2, 8],
  "PRO2-XS": [4, 16],
  "PRO2-S": [8, 32],
  "PRO2-M": [16, 64],
  "PRO2-L": [32, 128],
};

/**
 * Size of an instance: of the POP2 series by the name, such as `POP2-8C-32G`.
 *
 * @see https://www.scaleway.com/en/docs/instances/reference-content/instances-datasheet/
 */
function sizeOf(type: string): NodeSize | undefined {
  const gpu = gpuMachines[type];
  if (gpu) return nodeSizeOf(gpu.cores, gpu.gibibytes);
  const known = pro2[type];
  if (known) return nodeSizeOf(...known);
  const [, cores, gibibytes] =
    /^POP2(?:-H[MC])?-(\d+)C-(\d+)G$/.exec(type) ?? [];
  return cores === undefined || gibibytes === undefined
    ? undefined
    : nodeSizeOf(Number(cores), Number(gibibytes));
}

function machine(type: string): Machine | undefined {
  const gpu = gpuMachines[type];
  if (gpu) return { gpus: gpu.gpus, gpuType: gpu.gpuType };
  return sizeOf(type) && { gpus: 0 };
}

/** Scaleway's instances as a catalog of machines. */
export const instances: MachineCatalog = {
  machine,
  size: sizeOf,
  isArm: (type) => /^(COP-ARM1|BASIC2-A)/.test(type),
  example: "POP2-8C-32G",
  gpuMachines: Object.keys(gpuMachines),
};

/** Pools in a zone that does not have their machines. */
export function checkGpuZones(
  pools: readonly NodePool[],
  zoneOf: (pool: NodePool) => string,
): readonly Problem[] {
  return pools.flatMap((pool) => {
    const zones = gpuMachines[pool.machineType ?? ""]?.zones;
    const zone = zoneOf(pool);
    if (!zones || zones.includes(zone)) return [];
    const remedy = `has no ${pool.machineType}; write target.gpuZone, one of ${zones.join(", ")}`;
    return [{ path: "target.gpuZone", value: zone, remedy }];
  });
}

/** Tags as Scaleway has them: words, here each with its key. */
export function scalewayTags(tags: Tags): string[] {
  return Object.entries(tagPairs(tags)).map((pair) => pair.join("="));
}

/** Name of a bucket, which nobody else in the world has. */
export function bucketName(name: string, owner: readonly string[]): string {
  return worldwide(slug(name), owner, {
    longest: nameLimits.Bucket.longest,
    separator: "-",
  });
}

/** Name of a namespace of the registry, which nobody else in the region has. */
export function registryName(name: string, owner: readonly string[]): string {
  return worldwide(slug(name), owner, {
    longest: nameLimits.Namespace.longest,
    separator: "-",
  });
}

/**
 * Name of a pool. It changes with what cannot be changed in place, so that a pool's successor is there before the pool
 * goes.
 */
export function poolName(pool: NodePool, fixed: readonly string[]): string {
  const parts = [pool.machineType ?? "", ...fixed];
  return nameWithin(nameLimits.Pool, slug(pool.name), digest(parts, 6));
}
