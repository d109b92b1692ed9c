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
import type { Tags } from "../target";
import { tagPairs } from "../tags";
import { nameLimits } from "./name-limits";

/**
 * Regions with the letters of three of their zones.
 *
 * @see https://cloud.google.com/compute/docs/regions-zones
 */
const unusualZones: Readonly<Record<string, string>> = {
  "us-east1": "bcd",
  "europe-west1": "bcd",
};

const regions = [
  ...["us-central1", "us-east1", "us-east4", "us-east5", "us-south1"],
  ...["us-west1", "us-west2", "us-west3", "us-west4"],
  ...["northamerica-northeast1", "northamerica-northeast2"],
  ...["northamerica-south1", "southamerica-east1", "southamerica-west1"],
  ...["europe-central2", "europe-north1", "europe-north2"],
  ...["europe-southwest1", "europe-west1", "europe-west2", "europe-west3"],
  ...["europe-west4", "europe-west6", "europe-west8", "europe-west9"],
  ...["europe-west10", "europe-west12", "me-central1", "me-central2"],
  ...["me-west1", "africa-south1", "asia-east1", "asia-east2"],
  ...["asia-northeast1", "asia-northeast2", "asia-northeast3", "asia-south1"],
  ...["asia-south2", "asia-southeast1", "asia-southeast2"],
  ...["australia-southeast1", "australia-southeast2"],
];

/** Three zones of a region; none where there is no such region. */
export function zonesOf(region: string): readonly string[] {
  if (!regions.includes(region)) return [];
  const letters = [...(unusualZones[region] ?? "abc")];
  return letters.map((letter) => `${region}-${letter}`);
}

/** Regions that a cluster can spread over three zones of. */
export const regionsWithThreeZones = regions.filter(
  (region) => zonesOf(region).length === 3,
);

/**
 * Machine types that come with accelerators.
 *
 * @see https://cloud.google.com/compute/docs/gpus
 */
const gpuMachines: Readonly<
  Record<string, { readonly gpus: number; readonly gpuType: string }>
> = {
  ...sizes("g2-standard-", "nvidia-l4", {
    ...{ 4: 1, 8: 1, 12: 1, 16: 1, 32: 1, 24: 2, 48: 4, 96: 8 },
  }),
  ...sizes("a2-highgpu-", "nvidia-tesla-a100", byCount(1, 2, 4, 8)),
  ...sizes("a2-megagpu-", "nvidia-tesla-a100", byCount(16)),
  ...sizes("a2-ultragpu-", "nvidia-a100-80gb", byCount(1, 2, 4, 8)),
  ...sizes("a3-highgpu-", "nvidia-h100-80gb", byCount(1, 2, 4, 8)),
  ...sizes("a3-megagpu-", "nvidia-h100-mega-80gb", byCount(8)),
  ...sizes("a3-ultragpu-", "nvidia-h200-141gb", byCount(8)),
  ...sizes("a4-highgpu-", "nvidia-b200", byCount(8)),
};

function sizes(
  family: string,
  gpuType: string,
  counts: Readonly<Record<string, number>>,
) {
  return Object.fromEntries(
    Object.entries(counts).map(([size, gpus]) => [
      family + size,
      { gpus, gpuType },
    ]),
  );
}

function byCount(...counts: readonly number[]): Record<string, number> {
  return Object.fromEntries(counts.map((count) => [`${count}g`, count]));
}

/** N1 machines have no accelerators of their own. */
const attachable = {
  "nvidia-tesla-t4": [1, 2, 4],
  "nvidia-tesla-v100": [1, 2, 4, 8],
  "nvidia-tesla-p100": [1, 2, 4],
  "nvidia-tesla-p4": [1, 2, 4],
};

/** GiB per core, of families that differ from the usual 4, 8 and 1. */
const gibibytesPerCore: Readonly<
  Record<string, Readonly<Record<string, number>>>
> = {
  n1: { standard: 3.75, highmem: 6.5, highcpu: 0.9 },
  c4: { standard: 3.75, highmem: 7.75, highcpu: 2 },
  ...Object.fromEntries(
    ["c2d", "c3", "c3d", "n4", "c4a", "c4d"].map((family) => [
      family,
      { standard: 4, highmem: 8, highcpu: 2 },
    ]),
  ),
};

const usualGibibytes: Readonly<Record<string, number>> = {
  standard: 4,
  highmem: 8,
  highcpu: 1,
};

/** GiB of types that their family's ratio does not fit. */
const unevenGibibytes: Readonly<Record<string, number>> = {
  "c4-standard-2": 7,
  "c4-highmem-2": 15,
  "c3d-highcpu-30": 59,
  "c3d-highcpu-60": 118,
  "c3d-highcpu-90": 177,
  "c3d-highcpu-180": 354,
  "c3d-highcpu-360": 708,
};

/** Size of a type, by its name; not of those with accelerators, of which only the G2 are sized evenly. */
function sizeOf(type: string): NodeSize | undefined {
  const [, family = "", kind = "", count = ""] =
    /^([a-z]\d+[a-z]?)-(standard|highmem|highcpu)-(\d+)$/.exec(type) ?? [];
  const ratio = (gibibytesPerCore[family] ?? usualGibibytes)[kind];
  const cores = Number(count);
  return ratio === undefined || cores === 0
    ? undefined
    : nodeSizeOf(cores, unevenGibibytes[type] ?? cores * ratio);
}

function isArm(type: string): boolean {
  return /^(t2a|c4a|n4a|a4x)-/.test(type);
}

function machine(type: string): Machine | undefined {
  const accelerated = gpuMachines[type];
  if (accelerated) return accelerated;
  if (!/^[a-z]\d{1,2}[a-z]?-[a-z]+(-[a-z0-9]+)*$/.test(type)) return undefined;
  // A size that an accelerated family does not have.
  if (/^(g\d|a\d)-/.test(type) || isArm(type)) return undefined;
  return type.startsWith("n1-") ? { gpus: 0, attachable } : { gpus: 0 };
}

/** Compute Engine as a catalog of machines. */
export const computeEngine: MachineCatalog = {
  machine,
  size: sizeOf,
  isArm,
  example: "n2-standard-4",
  gpuMachines: Object.keys(gpuMachines),
};

/**
 * Kind of the disks that machines of a type take: Hyperdisks and no others for the newer series.
 *
 * @see https://cloud.google.com/kubernetes-engine/docs/concepts/hyperdisk
 */
export function diskType(
  machineType: string,
): "hyperdisk-balanced" | "pd-balanced" {
  return /^(c4|c4a|c4d|n4|n4a|n4d|a3-ultragpu|a4|a4x|h4d|m4|x4)-/.test(
    machineType,
  )
    ? "hyperdisk-balanced"
    : "pd-balanced";
}

/** Pools of a kind of disks that others do not take: volumes are of one kind, and their pods run in any of these pools. */
export function checkDisks(pools: readonly NodePool[]): readonly Problem[] {
  const kinds = pools.map(({ gpu, machineType }) =>
    gpu || machineType === undefined ? undefined : diskType(machineType),
  );
  const wanted = kinds.find((kind) => kind !== undefined);
  return kinds.flatMap((kind, index) =>
    kind === undefined || kind === wanted
      ? []
      : [
          {
            path: `pools[${index}].machineType`,
            value: pools[index]?.machineType,
            remedy: `takes ${kind} disks alone, and the pools before it ${String(wanted)}; volumes are of one kind, so write machine types of series that take the same`,
          },
        ],
  );
}

/** Accelerators as a node pool names them. */
export function accelerator(
  pool: NodePool,
): { type: string; count: number } | undefined {
  const { gpu, machineType = "" } = pool;
  if (!gpu) return undefined;
  const type = gpu.type ?? gpuMachines[machineType]?.gpuType ?? "";
  return { type, count: gpu.count };
}

/**
 * Labels of resources: lower-case letters, digits, hyphens and underscores, 63 at most. An instant keeps its digits and
 * hyphens, with hyphens for its colons.
 *
 * @see https://cloud.google.com/resource-manager/docs/labels-overview
 */
export function gcpLabels(tags: Tags): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tagPairs(tags)).map(([key, value]) => [
      key,
      value
        .toLowerCase()
        .replace(/[^a-z0-9_-]/g, "-")
        .slice(0, 63),
    ]),
  );
}

/**
 * Description of a service account, with the stack's tags: accounts have no labels, and an audit searches descriptions.
 *
 * @see https://cloud.google.com/asset-inventory/docs/query-syntax
 */
export function gcpDescription(tags: Tags): string {
  return Object.entries(gcpLabels(tags))
    .map((pair) => pair.join("="))
    .join(" ");
}

/**
 * Name of a bucket, which no other project has, and without the words that Google keeps.
 *
 * @see https://cloud.google.com/storage/docs/buckets#naming
 */
export function bucketName(name: string, owner: readonly string[]): string {
  const free = slug(name).replace(/g[o0]+g/g, "g-g");
  return worldwide(free, owner, {
    longest: nameLimits.Bucket.longest,
    separator: "-",
  });
}

/**
 * Account ID of a service account: 6 to 30 letters, digits and hyphens, its own in the project.
 *
 * @see https://cloud.google.com/iam/docs/service-accounts-create
 */
export function accountId(name: string, platform: string): string {
  const owner = [platform];
  return worldwide(slug(name), owner, {
    longest: nameLimits.Account.longest,
    separator: "-",
  });
}

/**
 * Name of a node pool, 40 characters at most. It changes with what cannot be changed in place, so that a pool's
 * successor is there before the pool goes.
 *
 * @see https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters.nodePools
 */
export function nodePoolName(pool: NodePool): string {
  const { type = "", count = 0 } = accelerator(pool) ?? {};
  const fixed = [pool.machineType ?? "", String(pool.spot), type, `${count}`];
  return nameWithin(nameLimits.NodePool, slug(pool.name), digest(fixed, 6));
}
