import { z } from "zod";

import { ask } from "../audit/ask";
import type { EndCheck, Leftover, Question } from "../audit/leftover";
import { nameWithin } from "../names/name-limits";
import { platformName, slug } from "../names/naming";
import type { Audit } from "../target";
import { nameLimits } from "./name-limits";

const tagsSchema = z
  .array(z.object({ Key: z.string(), Value: z.string() }))
  .nullish();

const taggedSchema = z.object({
  ResourceTagMappingList: z.array(
    z.object({ ResourceARN: z.string(), Tags: tagsSchema }),
  ),
});

const rolesSchema = z.object({
  RoleDetailList: z.array(z.object({ Arn: z.string(), Tags: tagsSchema })),
});

const logGroupsSchema = z.object({
  logGroups: z.array(z.object({ logGroupName: z.string(), arn: z.string() })),
});

/** Group of the logs of a stack's control plane. */
function logGroupOf(stack: string): string {
  const cluster = nameWithin(
    nameLimits.Cluster,
    slug(`mlstack-${platformName(stack)}`),
  );
  return `/aws/eks/${cluster}/cluster`;
}

/** Queries of AWS for a stack: tagged resources, and roles, which the tagging API omits. */
export function awsQuestions(stack: string, region: string): Question[] {
  // Policies and identity providers of IAM have no region; they are listed in this one.
  const regions = [...new Set([region, "us-east-1"])];
  return [
    ...regions.map((place): Question => ({
      command: "aws",
      args: [
        ...["resourcegroupstaggingapi", "get-resources"],
        ...["--tag-filters", `Key=stack,Values=${stack}`],
        ...["--region", place, "--output", "json"],
      ],
      read: (answer) =>
        taggedSchema
          .parse(JSON.parse(answer))
          .ResourceTagMappingList.map(({ ResourceARN, Tags }) =>
            leftover(ResourceARN, Tags),
          ),
    })),
    {
      command: "aws",
      args: [
        ...["logs", "describe-log-groups", "--region", region],
        ...["--log-group-name-prefix", logGroupOf(stack), "--output", "json"],
      ],
      // EKS makes it again, without tags, when it writes what is left to be said of a cluster that has gone.
      read: (answer) =>
        logGroupsSchema
          .parse(JSON.parse(answer))
          .logGroups.filter(
            ({ logGroupName }) => logGroupName === logGroupOf(stack),
          )
          .map(({ arn }) => leftover(arn.replace(/:\*$/, ""), [])),
    },
    {
      command: "aws",
      args: [
        ...["iam", "get-account-authorization-details", "--filter", "Role"],
        ...["--output", "json"],
      ],
      read: (answer) =>
        rolesSchema
          .parse(JSON.parse(answer))
          .RoleDetailList.filter(({ Tags }) => tag(Tags, "stack") === stack)
          .map(({ Arn, Tags }) => leftover(Arn, Tags)),
    },
  ];
}

type Tags = z.output<typeof tagsSchema>;

function leftover(arn: string, tags: Tags): Leftover {
  const { service, region, type, name } = partsOf(arn);
  return {
    type: `${service}:${type}`,
    id: type === "bucket" ? name : arn,
    place: region || "global",
    owner: tag(tags, "owner"),
    expiry: tag(tags, "expiry"),
  };
}

function tag(tags: Tags, key: string): string {
  return tags?.find(({ Key }) => Key === key)?.Value ?? "";
}

/** `arn:partition:service:region:account:type/name`, or with a colon, or for buckets with no type at all. */
function partsOf(arn: string) {
  const [, , service = "", region = "", , ...rest] = arn.split(":");
  const [, type, name = ""] = /^([^/:]+)[/:](.+)$/.exec(rest.join(":")) ?? [];
  return type === undefined
    ? { service, region, type: "bucket", name: rest.join(":") }
    : { service, region, type, name };
}

/** Check whether a resource has ended, for types that AWS lists after their end; undefined for all others. */
export function awsEndCheck({
  type,
  id,
  place,
}: Leftover): EndCheck | undefined {
  const name = id.split("/").at(-1) ?? "";
  const check = (gone: RegExp, query: string, ...args: readonly string[]) => ({
    command: "aws",
    args: [
      ...args,
      ...["--query", query, "--region", place, "--output", "text"],
    ],
    gone,
  });
  switch (type) {
    case "kms:key":
      return check(
        /PendingDeletion|NotFoundException/,
        "KeyMetadata.KeyState",
        ...["kms", "describe-key", "--key-id", id],
      );
    case "ec2:instance":
      return check(
        /terminated|shutting-down|InvalidInstanceID|^(None)?$/,
        "Reservations[0].Instances[0].State.Name",
        ...["ec2", "describe-instances", "--instance-ids", name],
      );
    case "ec2:natgateway":
      return check(
        /deleted|deleting|NotFound|^(None)?$/,
        "NatGateways[0].State",
        ...["ec2", "describe-nat-gateways", "--nat-gateway-ids", name],
      );
    default:
      return undefined;
  }
}

const placeSchema = z.looseObject({ region: z.string() });

/** Looks for what is left on AWS. */
export const audit: Audit = {
  place: "region",
  look: (stack, target) =>
    ask(awsQuestions(stack, placeSchema.parse(target).region), {
      hint: "install the AWS CLI, https://docs.aws.amazon.com/cli/, and log in with `aws sso login`",
      endCheck: awsEndCheck,
    }),
};
