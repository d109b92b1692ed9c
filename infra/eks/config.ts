import { z } from "zod";

import { checkOverlaps, cidr } from "../cidr";
import { apiAllow, diskGiB, minorVersion } from "../cloud-config";
import type { NodePool } from "../platform";
import { checkMachines, checkSystemPool } from "../pool-rules";
import type { Problem } from "../problem";
import { ec2, regionsWithThreeZones, zonesOf } from "./rules";

/** Where a stack on EKS goes. */
export const schema = z.strictObject({
  kind: z.literal("eks").describe("Amazon EKS"),
  account: z
    .string()
    .regex(/^\d{12}$/, {
      error:
        "write the account's 12 digits in quotes (aws sts get-caller-identity)",
    })
    .describe("Account that the stack belongs in; any other is refused"),
  region: z
    .string()
    .refine((region) => zonesOf(region).length === 3, {
      error: `no region with three zones; choose one of ${regionsWithThreeZones.join(", ")}`,
    })
    .describe("Region with three zones, such as eu-central-1"),
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
          "One gateway to the internet, or one a zone, which a lost zone leaves alone",
        ),
    })
    .prefault({})
    .describe("Ranges of addresses, and the way out"),
  apiAllow: apiAllow("VPC"),
  version: minorVersion,
  admins: z
    .array(
      z.string().regex(/^arn:aws:iam::\d{12}:(role|user)\/.+$/, {
        error: "write the ARN of a role or user",
      }),
    )
    .default([])
    .describe(
      "IAM principals that administer the cluster, beside the one that makes it",
    ),
  logDays: z
    .literal([7, 14, 30, 90, 180, 365])
    .default(30)
    .describe("Days for which the control plane's logs are kept"),
  diskGiB: diskGiB(100),
});

/** Configuration of an EKS target. */
export type EksConfig = z.output<typeof schema>;

/** What EKS refuses about pools and ranges. */
export function checkPools(
  pools: readonly NodePool[],
  { network }: EksConfig,
): readonly Problem[] {
  return [
    ...checkSystemPool(pools),
    ...checkMachines(pools, ec2),
    ...checkOverlaps([
      { path: "target.network.cidr", value: network.cidr },
      { path: "target.network.services", value: network.services },
    ]),
  ];
}
