import {
  type Machine,
  type MachineCatalog,
  type NodeSize,
  nodeSizeOf,
} from "../pools/machine-types";

/**
 * Numbers of the three zones that a cluster spreads over, where they are not 1, 2 and 3: EKS refuses `use1-az3`,
 * `usw1-az2` and `cac1-az3`, and most accounts do not see `apne1-az3`. The IDs are the same in every account; letters
 * are not.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
 * @see https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html
 */
const unusualZones: Readonly<Record<string, readonly number[]>> = {
  "ap-northeast-1": [1, 2, 4],
  "ca-central-1": [1, 2, 4],
  "us-east-1": [1, 2, 4],
  "us-west-1": [1, 3],
};

/** Regions of the `aws` partition. */
const regions = [
  ...["us-east-1", "us-east-2", "us-west-1", "us-west-2"],
  ...["ca-central-1", "ca-west-1", "mx-central-1", "sa-east-1"],
  ...["eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2"],
  ...["eu-west-1", "eu-west-2", "eu-west-3", "il-central-1"],
  ...["ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2"],
  ...["ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1"],
  ...["ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"],
  ...[
    "ap-southeast-6",
    "ap-southeast-7",
    "me-central-1",
    "me-south-1",
    "af-south-1",
  ],
];

/** IDs of the zones of a region that a cluster spreads over; fewer than three where it has no more, none where there is no such region. */
export function zonesOf(region: string): readonly string[] {
  if (!regions.includes(region)) return [];
  const [area = "", direction = "", number = ""] = region.split("-");
  const short = direction.replace(
    /^(north|south)?(east|west)?(central)?$/,
    (_, ...parts: (string | undefined)[]) =>
      parts
        .slice(0, 3)
        .map((part) => part?.[0] ?? "")
        .join(""),
  );
  return (unusualZones[region] ?? [1, 2, 3]).map(
    (zone) => `${area}${short}${number}-az${zone}`,
  );
}

/** Regions that have three zones for everybody. */
export const regionsWithThreeZones = regions.filter(
  (region) => zonesOf(region).length === 3,
);

const oneGpu = {
  xlarge: 1,
  "2xlarge": 1,
  "4xlarge": 1,
  "8xlarge": 1,
  "16xlarge": 1,
};

const oneToEight = { ...oneGpu, "12xlarge": 4, "24xlarge": 4, "48xlarge": 8 };

/**
 * Accelerated families that the AL2023 NVIDIA image drives, with the GPUs of each size.
 *
 * @see https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html
 */
const gpuFamilies: Readonly<
  Record<string, { type: string; sizes: Readonly<Record<string, number>> }>
> = {
  g4dn: { type: "t4", sizes: { ...oneGpu, "12xlarge": 4, metal: 8 } },
  g5: { type: "a10g", sizes: oneToEight },
  g6: { type: "l4", sizes: oneToEight },
  gr6: { type: "l4", sizes: { "4xlarge": 1, "8xlarge": 1 } },
  g6e: { type: "l40s", sizes: oneToEight },
  p4d: { type: "a100", sizes: { "24xlarge": 8 } },
  p4de: { type: "a100", sizes: { "24xlarge": 8 } },
  p5: { type: "h100", sizes: { "4xlarge": 1, "48xlarge": 8 } },
  p5e: { type: "h200", sizes: { "48xlarge": 8 } },
  p5en: { type: "h200", sizes: { "48xlarge": 8 } },
  "p6-b200": { type: "b200", sizes: { "48xlarge": 8 } },
};

const typePattern =
  /^([a-z]{1,4}\d[a-z0-9]*(?:-[a-z0-9]+)?)\.((?:\d+x|x)?(?:large|metal)|nano|micro|small|medium|metal-\d+xl)$/;

/** GiB per core of families whose sizes all have the same. */
const ratios: readonly (readonly [family: RegExp, gibibytes: number])[] = [
  [/^c5n$/, 2.625],
  [/^c[5-9]/, 2],
  [/^m[5-9]/, 4],
  [/^r[5-9]/, 8],
  [/^(g4dn|g5|g6)$/, 4],
  [/^(gr6|g6e)$/, 8],
  [/^p4de?$/, 12],
];

/** Size of a type, by family and size; not of bare metal, nor of families that are sized unevenly. */
function sizeOf(type: string): NodeSize | undefined {
  const [family = "", size = ""] = type.split(".");
  const ratio = ratios.find(([pattern]) => pattern.test(family))?.[1];
  const cores =
    { medium: 1, large: 2, xlarge: 4 }[size] ??
    4 * Number(/^(\d+)xlarge$/.exec(size)?.[1] ?? Number.NaN);
  return ratio === undefined || Number.isNaN(cores)
    ? undefined
    : nodeSizeOf(cores, cores * ratio);
}

/** Families with accelerators that the image's driver does not drive, or with no place for the image at all. */
const unusable = /^(p\d|g\d|gr\d|trn\d|inf\d|dl\d|vt\d|f\d|mac)/;

/** Resources of an EC2 instance type. */
function machine(type: string): Machine | undefined {
  const [, family = "", size = ""] = typePattern.exec(type) ?? [];
  if (!family || isArm(type)) return undefined;
  const accelerated = gpuFamilies[family];
  if (!accelerated) return unusable.test(family) ? undefined : { gpus: 0 };
  const gpus = accelerated.sizes[size];
  return gpus === undefined ? undefined : { gpus, gpuType: accelerated.type };
}

/** EC2 as a catalog of machines. */
export const ec2: MachineCatalog = {
  machine,
  size: sizeOf,
  isArm,
  example: "m7i.xlarge",
  gpuMachines: Object.entries(gpuFamilies).flatMap(([family, { sizes }]) =>
    Object.keys(sizes).map((size) => `${family}.${size}`),
  ),
};

/** Whether a type has an ARM processor: AWS puts a `g` behind the generation, but for the first. */
function isArm(type: string): boolean {
  return /^(a1|[a-z]+\d+g[a-z]*)\./.test(type);
}

/** Types with as many GPUs of the same kind, and more of everything else. */
export function largerWithSameGpus(type: string): readonly string[] {
  const [family = "", size = ""] = type.split(".");
  const sizes = gpuFamilies[family]?.sizes ?? {};
  return Object.keys(sizes)
    .filter(
      (other) => sizes[other] === sizes[size] && scale(other) > scale(size),
    )
    .map((other) => `${family}.${other}`);
}

function scale(size: string): number {
  return size === "xlarge" ? 1 : Number.parseInt(size, 10);
}

/** Image of the nodes of a pool. */
export function amiType(hasGpu: boolean): string {
  return `AL2023_x86_64_${hasGpu ? "NVIDIA" : "STANDARD"}`;
}

/** Spelling of a taint's effect in the EKS interface; Kubernetes writes `NoSchedule`. */
export const taintEffects = {
  NoSchedule: "NO_SCHEDULE",
  NoExecute: "NO_EXECUTE",
  PreferNoSchedule: "PREFER_NO_SCHEDULE",
} as const;
