import { slug, worldwide } from "../names/naming";
import type { Taint } from "../pools/placement";
import type { NodePool } from "../platform";
import {
  type Machine,
  type MachineCatalog,
  type NodeSize,
  nodeSizeOf,
} from "../pools/machine-types";
import type { Problem } from "../problem";
import { nameLimits } from "./name-limits";

/**
 * Regions with three availability zones, in which accounts and disks are replicated over these.
 *
 * @see https://learn.microsoft.com/azure/reliability/regions-list
 * @see https://learn.microsoft.com/azure/storage/common/redundancy-regions-zrs
 */
export const regionsWithThreeZones: readonly string[] = [
  ...["eastus", "eastus2", "centralus", "southcentralus", "westus2", "westus3"],
  ...["canadacentral", "mexicocentral", "brazilsouth"],
  ...["northeurope", "westeurope", "uksouth", "francecentral"],
  ...["germanywestcentral", "swedencentral", "norwayeast", "switzerlandnorth"],
  ...["polandcentral", "italynorth", "spaincentral"],
  ...["uaenorth", "qatarcentral", "israelcentral", "southafricanorth"],
  ...["australiaeast", "southeastasia", "eastasia"],
  ...["japaneast", "koreacentral", "centralindia"],
];

/** Nodes that an upgrade adds to a pool for as long as it goes on, in percent of the pool. */
export const surgePercent = 33;

/** Outbound connections that a node may have open at once to one destination. */
export const portsOfNode = 1024;

/** Ports of an address that are shared out among nodes. */
const portsOfAddress = 64_000;

/**
 * Number of addresses whose ports suffice for every node of the pools, those that an upgrade adds included. AKS adds no
 * node for which no ports are left.
 *
 * @see https://learn.microsoft.com/azure/aks/configure-load-balancer-standard
 */
export function outboundAddresses(
  pools: readonly { readonly max: number; readonly spot?: boolean }[],
): number {
  const nodes = pools.reduce(
    (sum, { max, spot }) =>
      sum + max + (spot ? 0 : Math.ceil((max * surgePercent) / 100)),
    0,
  );
  return Math.ceil((nodes * portsOfNode) / portsOfAddress);
}

/**
 * Sizes whose GPUs the AKS image drives; visualisation (NV) sizes need another driver.
 *
 * @see https://learn.microsoft.com/azure/aks/use-nvidia-gpu
 */
const gpuSizes: Readonly<
  Record<string, { readonly gpus: number; readonly gpuType: string }>
> = {
  Standard_NC4as_T4_v3: { gpus: 1, gpuType: "t4" },
  Standard_NC8as_T4_v3: { gpus: 1, gpuType: "t4" },
  Standard_NC16as_T4_v3: { gpus: 1, gpuType: "t4" },
  Standard_NC64as_T4_v3: { gpus: 4, gpuType: "t4" },
  Standard_NC24ads_A100_v4: { gpus: 1, gpuType: "a100" },
  Standard_NC48ads_A100_v4: { gpus: 2, gpuType: "a100" },
  Standard_NC96ads_A100_v4: { gpus: 4, gpuType: "a100" },
  Standard_ND96asr_v4: { gpus: 8, gpuType: "a100" },
  Standard_ND96amsr_A100_v4: { gpus: 8, gpuType: "a100" },
  Standard_NC40ads_H100_v5: { gpus: 1, gpuType: "h100" },
  Standard_NC80adis_H100_v5: { gpus: 2, gpuType: "h100" },
  Standard_ND96isr_H100_v5: { gpus: 8, gpuType: "h100" },
  Standard_ND96isr_H200_v5: { gpus: 8, gpuType: "h200" },
};

/** GiB per core of the families that are sized evenly. */
const gibibytesPerCore: Readonly<Record<string, number>> = { D: 4, E: 8, F: 2 };

/** Size of a virtual machine, by its name; fewer cores behind a hyphen keep the memory. */
function sizeOf(size: string): NodeSize | undefined {
  const [, family = "", whole = "", fewer, features = ""] =
    /^Standard_([DEF])(\d+)(?:-(\d+))?([a-z]*)_v[2-9]$/.exec(size) ?? [];
  const ratio = gibibytesPerCore[family];
  // An `l` halves the memory; the twos of the older D and E are sized unevenly.
  if (ratio === undefined) return undefined;
  if (size === "Standard_D64ps_v5") return nodeSizeOf(64, 208);
  const memory = Number(whole) * (features.includes("l") ? ratio / 2 : ratio);
  return nodeSizeOf(Number(fewer ?? whole), memory);
}

/** Azure writes a `p` among the letters behind the number of processors. */
function isArm(size: string): boolean {
  return /^Standard_[A-Z]+\d+(-\d+)?[a-z]*p/.test(size);
}

function machine(size: string): Machine | undefined {
  const accelerated = gpuSizes[size];
  if (accelerated) return accelerated;
  const usual = /^Standard_[A-MO-Z][A-Z]{0,2}\d+(-\d+)?[a-z]*(_v\d+)?$/;
  return usual.test(size) && !isArm(size) ? { gpus: 0 } : undefined;
}

/** Azure virtual machines as a catalog. */
export const azureSizes: MachineCatalog = {
  machine,
  size: sizeOf,
  isArm,
  example: "Standard_D4s_v5",
  gpuMachines: Object.keys(gpuSizes),
};

/**
 * Names that AKS gives node pools on Linux: what the pool is called is in the names of its machines, too.
 *
 * @see https://learn.microsoft.com/azure/aks/create-node-pools#limitations
 */
export function isPoolName(name: string): boolean {
  return /^[a-z][a-z0-9]{0,11}$/.test(name);
}

/** Name of the pool that AKS makes a cluster with. */
export const systemPoolName = "system";

/**
 * A size that AKS makes no cluster with.
 *
 * @see https://learn.microsoft.com/azure/aks/use-system-pools
 */
export function checkSystemSize(machineType: string): readonly Problem[] {
  const size = sizeOf(machineType);
  return machine(machineType)?.gpus === 0 && (size?.cores ?? 0) >= 4
    ? []
    : [
        {
          path: "target.system.machineType",
          value: machineType,
          remedy:
            "write a size of the D, E or F series with 4 processors or more, such as Standard_D4s_v5",
        },
      ];
}

/** Pools whose names AKS refuses, or has given. */
export function checkPoolNames(pools: readonly NodePool[]): readonly Problem[] {
  return pools.flatMap(({ name }, index) =>
    name === systemPoolName
      ? [
          {
            path: `pools[${index}].name`,
            value: name,
            remedy:
              "the cluster's own pool is called so (target.system); write another name",
          },
        ]
      : isPoolName(name)
        ? []
        : [
            {
              path: `pools[${index}].name`,
              value: name,
              remedy: `AKS takes 1 to 12 lower-case letters and digits, a letter first; such as ${shortened(name)}`,
            },
          ],
  );
}

function shortened(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, "");
  return (/^[a-z]/.test(plain) ? plain : `p${plain}`).slice(0, 12);
}

/**
 * Taint that AKS puts on spot nodes by itself.
 *
 * @see https://learn.microsoft.com/azure/aks/spot-node-pool
 */
export const spotTaint: Taint = {
  key: "kubernetes.azure.com/scalesetpriority",
  value: "spot",
  effect: "NoSchedule",
};

/** A taint as AKS writes it. */
export function taintText({ key, value, effect }: Taint): string {
  return `${key}=${value}:${effect}`;
}

/**
 * Name of a storage account: 3 to 24 lower-case letters and digits, nobody else's.
 *
 * @see https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-name
 */
export function storageAccountName(
  name: string,
  owner: readonly string[],
): string {
  return compact(name, owner, nameLimits.StorageAccount.longest);
}

/**
 * Name of a container registry: 5 to 50 letters and digits, nobody else's.
 *
 * @see https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
 */
export function registryName(name: string, owner: readonly string[]): string {
  return compact(name, owner, 50);
}

function compact(
  name: string,
  owner: readonly string[],
  longest: number,
): string {
  const readable = slug(name).replaceAll("-", "");
  // The name is part of what the suffix is made from, since cutting and compacting make different names alike.
  return worldwide(readable, [...owner, name], { longest, separator: "" });
}

/**
 * Name of a container: 3 to 63 lower-case letters, digits and single hyphens.
 *
 * @see https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
 */
export function containerName(name: string): string {
  const plain = slug(name).slice(0, 63).replace(/-+$/, "");
  return plain.length < 3 ? `${plain}-data` : plain;
}

/**
 * Built-in roles by their IDs, which are the same in every tenant.
 *
 * @see https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
 */
export const roles = {
  networkContributor: "4d97b98b-1d4f-4787-a291-c67834d212e7",
  acrPull: "7f951dda-4ed3-4680-a7ca-43fe172d538d",
  blobDataReader: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
  blobDataContributor: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  aksRbacClusterAdmin: "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
} as const;
