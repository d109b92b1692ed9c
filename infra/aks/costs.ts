import { join } from "node:path";

import {
  type Bill,
  type DeclaredResource,
  monthHours,
  type NodeHour,
} from "../prices/bill";
import {
  BillBuilder,
  clusterDisks,
  loadBalancers,
  record,
  records,
  text,
  whole,
} from "../prices/bill-builder";
import { type PricedType, readPrices } from "../prices/table";
import type { NodePool } from "../platform";
import type { AksConfig } from "./config";

/** How a size is priced: so much a vCPU; one with fewer vCPUs behind a hyphen costs as the whole. */
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
  ...([
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
  ] as const),
];

function diskItem(gibibytes: number, redundancy: "LRS" | "ZRS"): string {
  const [size, tier] = tiers.find(([most]) => gibibytes <= most) ?? [
    4096,
    "P50",
  ];
  return `premium-ssd-${tier}-${size}GiB-${redundancy}`;
}

/** What the resources of a stack on Azure cost. */
export function bill(
  resources: readonly DeclaredResource[],
  { region }: AksConfig,
): Bill {
  const builder = new BillBuilder(prices, region);
  for (const { type, name, inputs } of resources) {
    switch (type) {
      case "azure-native:containerservice:ManagedCluster": {
        const tier = text(record(inputs["sku"])["tier"]).toLowerCase();
        builder.fee("control plane", name, `aks-${tier || "free"}`, {
          what: `AKS, tier ${tier || "free"}`,
        });
        for (const pool of records(inputs["agentPoolProfiles"])) {
          agentPool(builder, `${name}/${text(pool["name"])}`, pool);
        }
        break;
      }
      case "azure-native:containerservice:AgentPool":
        agentPool(builder, name, inputs);
        break;
      case "azure-native:network:NatGateway":
        builder.fee("network", name, "nat-gateway", { what: "NAT gateway" });
        builder.use("nat", "nat-gateway-data", "data through NAT");
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
        if (
          type.startsWith("azure-native:") &&
          !free.some((one) => one.test(type))
        ) {
          builder.missing(name, type);
        }
    }
  }
  for (const { resource, gibibytes, count } of clusterDisks(resources)) {
    builder.fee("disks", resource, diskItem(gibibytes, redundancy(resources)), {
      what: `Premium SSD of ${gibibytes} GiB`,
      each: 1,
      count: { min: count, max: count },
    });
  }
  for (const { name } of loadBalancers(resources)) {
    builder.fee("network", name, "load-balancer-standard-first-5-rules", {
      what: "load balancer",
    });
  }
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

/** What an hour of a node of the pool costs. */
export function nodeHour(
  { machineType = "" }: NodePool,
  { region, diskGiB }: AksConfig,
): NodeHour | undefined {
  const machine = prices.machine(region, machineType);
  const disk = prices.fee(region, diskItem(diskGiB, "LRS"));
  return (
    machine && {
      onDemand: machine.usd,
      spot: prices.spot(region, machineType),
      disk: disk && disk.usd / monthHours,
      sources: [machine.source, ...(disk ? [disk.source] : [])],
    }
  );
}
