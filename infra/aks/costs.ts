import { join } from "node:path";

import {
  type Bill,
  type DeclaredResource,
  type NodeHour,
} from "../prices/bill";
import {
  BillBuilder,
  nodeHourOf,
  record,
  records,
  text,
  whole,
} from "../prices/bill-builder";
import { type PricedType, readPrices } from "../prices/table";
import type { NodePool } from "../platform";
import type { AksConfig } from "./config";

/**
 * Pricing of a size: by vCPU; a size with constrained vCPUs (a number after a hyphen) costs as much as the full one.
 */
export function pricedType(type: string): PricedType {
  const [, letters = "", count = "", features = "", version = ""] =
    /^Standard_([A-Z]+)(\d+)(?:-\d+)?([a-z]*)(.*)$/.exec(type) ?? [];
  const plain = /^[DEF]$/.test(letters);
  return {
    family: letters + features + version,
    ...(plain && { size: { vcpus: Number(count), gibibytes: 0 } }),
  };
}

/** Prices of Azure. */
export const prices = readPrices(join(__dirname, "prices"), pricedType);

/** Resources of Azure that cost nothing by themselves. */
const free: readonly RegExp[] = [
  /^azure-native:(authorization|managedidentity|resources):/,
  /^azure-native:network:(VirtualNetwork|Subnet|NetworkSecurityGroup)$/,
  /^azure-native:storage:(BlobContainer|BlobServiceProperties|ManagementPolicy)$/,
];

/** Tiers of Premium SSDs by their GiB; a disk is priced as the next larger one. */
const tiers = [
  [4, "P1"],
  [8, "P2"],
  [16, "P3"],
  [32, "P4"],
  [64, "P6"],
  [128, "P10"],
  [256, "P15"],
  [512, "P20"],
  [1024, "P30"],
  [2048, "P40"],
] as const;

function diskItem(gibibytes: number, redundancy: "LRS" | "ZRS"): string {
  const largest = [4096, "P50"] as const;
  const [size, tier] = tiers.find(([most]) => gibibytes <= most) ?? largest;
  return `premium-ssd-${tier}-${size}GiB-${redundancy}`;
}

/** Prices the resources of a stack on Azure. */
export function bill(
  resources: readonly DeclaredResource[],
  { region }: AksConfig,
): Bill {
  const builder = new BillBuilder(prices, region);
  for (const resource of resources) {
    const { type, name, inputs } = resource;
    switch (type) {
      case "azure-native:containerservice:ManagedCluster": {
        const tier = text(record(inputs["sku"])["tier"]).toLowerCase();
        builder.fee("control plane", name, `aks-${tier || "free"}`, {
          what: `AKS, tier ${tier || "free"}`,
        });
        builder.fee("network", name, "load-balancer-standard-first-5-rules", {
          what: "load balancer",
        });
        builder.use(
          "nat",
          "load-balancer-standard-data",
          "data through the load balancer",
        );
        for (const pool of records(inputs["agentPoolProfiles"])) {
          agentPool(builder, `${name}/${text(pool["name"])}`, pool);
        }
        break;
      }
      case "azure-native:containerservice:AgentPool":
        agentPool(builder, name, inputs);
        break;
      case "azure-native:network:PublicIPAddress":
        builder.fee("network", name, "public-ipv4-standard-static", {
          what: "public IPv4 address",
        });
        break;
      case "azure-native:containerregistry:Registry": {
        const sku = text(record(inputs["sku"])["name"]).toLowerCase();
        builder.fee("registry", name, `acr-${sku}`, {
          what: `container registry, ${sku}`,
          each: 30,
        });
        break;
      }
      case "azure-native:storage:StorageAccount":
        builder.use(
          "objects",
          `blob-hot-${text(record(inputs["sku"])["name"]).split("_")[1]?.toLowerCase() ?? "lrs"}`,
          "objects in Blob Storage",
        );
        break;
      default:
        builder.other(resource, "azure-native:", free);
    }
  }
  const copies = redundancy(resources);
  builder.cluster(
    resources,
    (gibibytes) => ({
      item: diskItem(gibibytes, copies),
      what: `Premium SSD of ${gibibytes} GiB`,
      each: 1,
    }),
    "load-balancer-standard-first-5-rules",
  );
  return builder.bill;
}

/** Whether the disks of the program's storage class are kept in several zones. */
function redundancy(resources: readonly DeclaredResource[]): "LRS" | "ZRS" {
  const storageClass = resources.find(
    ({ type }) => type === "kubernetes:storage.k8s.io/v1:StorageClass",
  );
  const { skuName } = record(storageClass?.inputs["parameters"]);
  return text(skuName).endsWith("_ZRS") ? "ZRS" : "LRS";
}

function agentPool(
  builder: BillBuilder,
  resource: string,
  pool: Readonly<Record<string, unknown>>,
): void {
  const count = {
    min: whole(pool["minCount"]) ?? 0,
    max: whole(pool["maxCount"]) ?? 0,
  };
  const gibibytes = whole(pool["osDiskSizeGB"]) ?? 128;
  builder.nodes({
    ...{ resource, count },
    type: text(pool["vmSize"]),
    spot: pool["scaleSetPriority"] === "Spot",
  });
  builder.fee("disks", resource, diskItem(gibibytes, "LRS"), {
    what: `Premium SSD of ${gibibytes} GiB, one a node`,
    each: 1,
    count,
  });
}

/** Price of an hour of a node of the pool. */
export function nodeHour(
  { machineType = "" }: NodePool,
  { region, diskGiB }: AksConfig,
): NodeHour | undefined {
  return nodeHourOf(prices, region, machineType, {
    item: diskItem(diskGiB, "LRS"),
    each: 1,
  });
}
