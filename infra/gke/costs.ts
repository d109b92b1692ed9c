import { join } from "node:path";

import {
  type Bill,
  type DeclaredResource,
  type NodeHour,
} from "../prices/bill";
import {
  BillBuilder,
  type Bounds,
  nodeHourOf,
  record,
  records,
  text,
  whole,
} from "../prices/bill-builder";
import { type PricedType, readPrices } from "../prices/table";
import type { NodePool } from "../platform";
import type { GkeConfig } from "./config";
import { computeEngine, diskType } from "./rules";

/** Pricing of a machine type: by vCPU and GiB, except accelerated ones. */
export function pricedType(type: string): PricedType {
  const [series = "", kind = ""] = type.split("-");
  const size = computeEngine.size(type);
  return {
    // A2 and A3 come with other accelerators by their kind.
    family: /^a\d/.test(series) ? `${series}-${kind}` : series,
    ...(size &&
      !computeEngine.gpuMachines.includes(type) && {
        size: { vcpus: size.cores, gibibytes: size.bytes / 2 ** 30 },
      }),
  };
}

/** Prices of Google Cloud. */
export const prices = readPrices(join(__dirname, "prices"), pricedType);

/** Resources of Google Cloud that cost nothing by themselves. */
const free: readonly RegExp[] = [
  /^gcp:(serviceaccount|projects|organizations)\//,
  /IAM(Member|Binding|Policy)$/i,
  /IamMember$/,
  /^gcp:compute\/(network|subnetwork|router|firewall):/,
];

/** Virtual machines that Cloud NAT counts, at most. */
const natMachines = 32;

/** Prices the resources of a stack on Google Cloud. */
export function bill(
  resources: readonly DeclaredResource[],
  { region }: GkeConfig,
): Bill {
  const builder = new BillBuilder(prices, region);
  const pools = resources.filter(
    ({ type }) => type === "gcp:container/nodePool:NodePool",
  );
  for (const resource of resources) {
    const { type, name } = resource;
    switch (type) {
      case "gcp:container/cluster:Cluster":
        builder.fee("control plane", name, "gke-control-plane", {
          what: "GKE, regional",
        });
        builder.use("logs", "cloud-logging-ingestion", "logs taken in");
        break;
      case "gcp:container/nodePool:NodePool":
        nodePool(builder, resource);
        break;
      case "gcp:compute/routerNat:RouterNat":
        builder.fee("network", name, "cloud-nat-vm", {
          what: "Cloud NAT, a node",
          count: natted(pools),
        });
        builder.fee("network", name, "public-ipv4", {
          what: "public IPv4 address",
        });
        builder.use("nat", "cloud-nat-data", "data through NAT");
        break;
      case "gcp:kms/cryptoKey:CryptoKey":
        builder.fee("keys", name, "kms-key-version", {
          what: "KMS key",
          each: 1,
        });
        break;
      case "gcp:storage/bucket:Bucket":
        builder.use("objects", "gcs-standard", "objects in Cloud Storage");
        break;
      case "gcp:artifactregistry/repository:Repository":
        builder.use(
          "images",
          "artifact-registry",
          "images in Artifact Registry",
        );
        break;
      default:
        builder.other(resource, "gcp:", free);
    }
  }
  const item = diskItem(resources);
  builder.cluster(
    resources,
    (gibibytes) => ({
      item,
      what: `${item} of ${gibibytes} GiB`,
      each: gibibytes,
    }),
    "load-balancer-first-5-rules",
  );
  return builder.bill;
}

/** Kind of the disks that the program's storage class makes. */
function diskItem(resources: readonly DeclaredResource[]): string {
  const storageClass = resources.find(
    ({ type }) => type === "kubernetes:storage.k8s.io/v1:StorageClass",
  );
  const { type } = record(storageClass?.inputs["parameters"]);
  return text(type) || "pd-balanced";
}

function nodePool(
  builder: BillBuilder,
  { name, inputs }: DeclaredResource,
): void {
  const node = record(inputs["nodeConfig"]);
  const type = text(node["machineType"]);
  const spot = node["spot"] === true;
  const count = boundsOf(inputs);
  const { family } = pricedType(type);
  const factor = prices.fee("all", `sustained-use-factor:${family}`);
  builder.nodes({
    ...{ resource: name, type, count, spot },
    ...(factor && { wholeMonth: { factor: factor.usd, price: factor } }),
  });
  // Accelerators attached to N1 machines have a price per unit.
  if (type.startsWith("n1-")) {
    for (const gpu of records(node["guestAccelerators"])) {
      builder.missing(
        name,
        `${String(gpu["count"])} ${text(gpu["type"])} of each ${type}`,
      );
    }
  }
  const gibibytes = whole(node["diskSizeGb"]) ?? 100;
  const disk = text(node["diskType"]) || "pd-balanced";
  builder.fee("disks", name, disk, {
    what: `${disk} of ${gibibytes} GiB, one a node`,
    each: gibibytes,
    count,
  });
}

function boundsOf(inputs: DeclaredResource["inputs"]): Bounds {
  const { totalMinNodeCount, totalMaxNodeCount } = record(
    inputs["autoscaling"],
  );
  return {
    min: whole(totalMinNodeCount) ?? 0,
    max: whole(totalMaxNodeCount) ?? 0,
  };
}

function natted(pools: readonly DeclaredResource[]): Bounds {
  const bounds = pools.map(({ inputs }) => boundsOf(inputs));
  const sum = (key: keyof Bounds) =>
    Math.min(
      natMachines,
      bounds.reduce((total, each) => total + each[key], 0),
    );
  return { min: sum("min"), max: sum("max") };
}

/** Price of an hour of a node of the pool. */
export function nodeHour(
  { machineType = "" }: NodePool,
  { region, diskGiB }: GkeConfig,
): NodeHour | undefined {
  return nodeHourOf(prices, region, machineType, {
    item: diskType(machineType),
    each: diskGiB,
  });
}
