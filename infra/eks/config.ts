import { z } from "zod";

import { checkOverlaps, cidr } from "../network/cidr";
import { apiAllow, diskGiB, minorVersion } from "../cloud-config";
import type { NodePool } from "../platform";
import { checkMachines, checkSystemPool } from "../pools/machine-types";
import type { Problem } from "../problem";
import { ec2, regionsWithThreeZones, zonesOf } from "./rules";

/** Configuration of a stack on EKS. */
export const schema = z.strictObject({
  kind: z.literal("eks").describe("Amazon EKS"),
  account: z
    .string()
    .regex(/^\d{12}$/, {
      error:
        "write the account's 12 digits in quotes (aws sts get-caller-identity)",
    })
    .describe("Account of the stack; any other account is refused"),
  region: z
    .string()
    .refine((region) => zonesOf(region).length === 3, {
      error: `no region with three zones; choose one of ${regionsWithThreeZones.join(", ")}`,
    })
    .describe("Region with three zones, such as eu-central-1"),
  gpuZones: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      "IDs of the zones of the GPU pools, such as euc1-az1; not every zone of a region has every machine (aws ec2 describe-instance-type-offerings --location-type availability-zone-id)",
    ),
  network: z
    .strictObject({
      cidr: cidr(16, 20).default("10.20.0.0/16").describe("Range of the VPC"),
      services: cidr(12, 24)
        .default("172.20.0.0/16")
        .describe("Range of the services' addresses"),
      nat: z
        .enum(["single", "per-zone"])
        .default("single")
        .describe(
          "One NAT gateway, or one per zone, which a failure of another zone does not affect",
        ),
    })
    .prefault({})
    .describe("Address ranges, and NAT"),
  apiAllow: apiAllow("VPC"),
  version: minorVersion,
  admins: z
    .array(
      z.string().regex(/^arn:aws:iam::\d{12}:(role|user)\/.+$/, {
        error: "write the ARN of a role or user",
      }),
    )
    .min(1, {
      error:
        "name the role or user that runs this program, and who else administers the cluster (aws sts get-caller-identity)",
    })
    .describe(
      "IAM principals that administer the cluster, including the one that runs this program",
    ),
  logDays: z
    .literal([7, 14, 30, 90, 180, 365])
    .default(30)
    .describe("Days for which the control plane's logs are kept"),
  diskGiB: diskGiB(100),
});

/** Configuration of an EKS target. */
export type EksConfig = z.output<typeof schema>;

/** Problems of pools and CIDR ranges that EKS would reject. */
export function checkPools(
  pools: readonly NodePool[],
  { network, region, gpuZones = [], admins }: EksConfig,
): readonly Problem[] {
  const zones = zonesOf(region);
  const elsewhere = gpuZones.flatMap((zone, index) =>
    zones.includes(zone)
      ? []
      : [
          {
            path: `target.gpuZones[${index}]`,
            value: zone,
            remedy: `not a zone of the cluster; write one of ${zones.join(", ")}`,
          },
        ],
  );
  const twice = admins.flatMap((arn, index) =>
    admins.indexOf(arn) === index
      ? []
      : [
          {
            path: `target.admins[${index}]`,
            value: arn,
            remedy: "stands there twice; remove it",
          },
        ],
  );
  return [
    ...elsewhere,
    ...twice,
    ...checkSystemPool(pools),
    ...checkMachines(pools, ec2),
    ...checkOverlaps([
      { path: "target.network.cidr", value: network.cidr },
      { path: "target.network.services", value: network.services },
    ]),
  ];
}
