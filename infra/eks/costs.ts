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
import type { EksConfig } from "./config";
import type { NodeGroupBounds } from "./node-group-bounds";
import { ec2 } from "./rules";

/** Pricing of an EC2 type: all sizes of a family have the same price per vCPU, except accelerated ones. */
export function pricedType(type: string): PricedType {
  const family = type.split(".")[0] ?? "";
  const size = ec2.size(type);
  return {
    family,
    ...(size && {
      size: { vcpus: size.cores, gibibytes: size.bytes / 2 ** 30 },
    }),
  };
}

/** Prices of AWS. */
export const prices = readPrices(join(__dirname, "prices"), pricedType);

/** Resources of AWS that cost nothing by themselves. */
const free: readonly RegExp[] = [
  /^aws:iam\//,
  /^aws:ec2\/(vpc|subnet|route|routeTable|routeTableAssociation|internetGateway|defaultSecurityGroup|securityGroup|launchTemplate):/,
  // Without a limit of its own a gateway to S3 costs nothing; one of another kind has a price an hour.
  /^aws:ec2\/vpcEndpoint:/,
  /^aws:eks\/(addon|accessEntry|accessPolicyAssociation|podIdentityAssociation):/,
  /^aws:kms\/alias:/,
  /^aws:s3\/bucket[A-Z]/,
  /^aws:ecr\/(lifecyclePolicy|repositoryPolicy):/,
];

/** Prices the resources of a stack on AWS. */
export function bill(
  resources: readonly DeclaredResource[],
  { region, diskGiB }: EksConfig,
): Bill {
  const builder = new BillBuilder(prices, region);
  for (const resource of resources) {
    const { type, name } = resource;
    switch (type) {
      case "aws:eks/cluster:Cluster":
        builder.fee("control plane", name, "eks-control-plane-standard", {
          what: "EKS, standard support",
        });
        break;
      case "aws:eks/nodeGroup:NodeGroup":
        nodeGroup(builder, resource, {
          bounds: boundsOf(resources, resource),
          gibibytes: rootDisk(resources, name) ?? diskGiB,
        });
        break;
      case "aws:ec2/natGateway:NatGateway":
        builder.fee("network", name, "nat-gateway", { what: "NAT gateway" });
        builder.use("nat", "nat-gateway-data", "data through NAT");
        break;
      case "aws:ec2/eip:Eip":
        builder.fee("network", name, "public-ipv4", {
          what: "public IPv4 address",
        });
        break;
      case "aws:kms/key:Key":
        builder.fee("keys", name, "kms-key", { what: "KMS key", each: 1 });
        break;
      case "aws:cloudwatch/logGroup:LogGroup":
        builder.use("logs", "cloudwatch-logs-ingestion", "logs taken in");
        break;
      case "aws:s3/bucket:Bucket":
        builder.use("objects", "s3-standard", "objects in S3");
        break;
      case "aws:ecr/repository:Repository":
        builder.use("images", "ecr-storage", "images in ECR");
        break;
      default:
        builder.other(resource, "aws:", free);
    }
  }
  builder.cluster(
    resources,
    (gibibytes) => ({
      item: "ebs-gp3",
      what: `gp3 of ${gibibytes} GiB`,
      each: gibibytes,
    }),
    "nlb",
  );
  return builder.bill;
}

function nodeGroup(
  builder: BillBuilder,
  { name, inputs }: DeclaredResource,
  {
    bounds: { min, max },
    gibibytes,
  }: { readonly bounds: NodeGroupBounds; readonly gibibytes: number },
): void {
  const types = inputs["instanceTypes"];
  const spot = inputs["capacityType"] === "SPOT";
  builder.nodes({
    resource: name,
    type: text(Array.isArray(types) ? types[0] : undefined),
    count: { min, max },
    spot,
  });
  builder.fee("disks", name, "ebs-gp3", {
    what: `gp3 of ${gibibytes} GiB, one a node`,
    each: gibibytes,
    count: { min, max },
  });
}

/** Bounds of a node group, by its size: the group keeps those that it was made with. */
function boundsOf(
  resources: readonly DeclaredResource[],
  { name, inputs }: DeclaredResource,
): NodeGroupBounds {
  const size = resources.find(
    (one) =>
      one.type === "mlstack:index:NodeGroupSize" && one.name === `${name}-size`,
  );
  const { minSize, maxSize } = record(inputs["scalingConfig"]);
  return {
    min: whole(size?.inputs["min"] ?? minSize) ?? 0,
    max: whole(size?.inputs["max"] ?? maxSize) ?? 0,
  };
}

/** Size of the disk in the launch template, which the program calls as its node group. */
function rootDisk(
  resources: readonly DeclaredResource[],
  group: string,
): number | undefined {
  const template = resources.find(
    ({ type, name }) =>
      type === "aws:ec2/launchTemplate:LaunchTemplate" && name === group,
  );
  const [mapping] = records(template?.inputs["blockDeviceMappings"]);
  return whole(record(mapping?.["ebs"])["volumeSize"]);
}

/** Price of an hour of a node of the pool. */
export function nodeHour(
  { machineType = "" }: NodePool,
  { region, diskGiB }: EksConfig,
): NodeHour | undefined {
  return nodeHourOf(prices, region, machineType, {
    item: "ebs-gp3",
    each: diskGiB,
  });
}
