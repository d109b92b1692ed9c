import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";

import { nameWithin } from "../names/name-limits";
import type { Identity, IdentityArgs } from "../platform";
import type { S3Bucket } from "./bucket";
import { nameLimits } from "./name-limits";

/** The service account that a role is for. */
export type ServiceAccount = IdentityArgs["serviceAccount"];

/** The issuer of a cluster's service-account tokens, as IAM knows it. */
export interface TokenIssuer {
  readonly arn: pulumi.Input<string>;
  /** URL without `https://`, as IAM names its claims. */
  readonly host: pulumi.Input<string>;
}

/** Permissions of a role. */
export interface ServiceAccountRoleArgs {
  readonly issuer: TokenIssuer;
  readonly serviceAccount: ServiceAccount;
  /** Policies of AWS. */
  readonly managedPolicies?: readonly string[];
  /** A policy of our own. */
  readonly policy?: pulumi.Input<iam.PolicyDocument>;
}

/** A role that one service account of the cluster takes on, and nobody else (IRSA). */
export class ServiceAccountRole extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(
    name: string,
    args: ServiceAccountRoleArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:ServiceAccountRole", name, {}, opts);
    const role = new iam.Role(
      nameWithin(nameLimits.Role, name, "role"),
      { assumeRolePolicy: trust(args.issuer, args.serviceAccount) },
      { parent: this },
    );
    for (const policy of args.managedPolicies ?? []) {
      new iam.RolePolicyAttachment(
        `${name}-${policy.split("/").pop()}`,
        {
          role: role.name,
          policyArn: `arn:aws:iam::aws:policy/${policy}`,
        },
        { parent: this },
      );
    }
    if (args.policy) {
      new iam.RolePolicy(
        nameWithin(nameLimits.RolePolicy, name, "policy"),
        { role: role.name, policy: args.policy },
        { parent: this },
      );
    }
    this.arn = role.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/** Web identity of exactly one service account. */
function trust(
  { arn, host }: TokenIssuer,
  { namespace, name }: ServiceAccount,
): pulumi.Output<iam.PolicyDocument> {
  return pulumi
    .all([arn, host])
    .apply(([federated, issuer]): iam.PolicyDocument => ({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Federated: federated },
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: {
            StringEquals: {
              [`${issuer}:sub`]: `system:serviceaccount:${namespace}:${name}`,
              [`${issuer}:aud`]: "sts.amazonaws.com",
            },
          },
        },
      ],
    }));
}

/** A bucket by its ARN, and what may be done there. */
export interface BucketGrant {
  readonly arn: string;
  readonly access: "read" | "write";
}

const readActions = {
  bucket: ["s3:GetBucketLocation", "s3:ListBucket"],
  object: ["s3:GetObject"],
};

const writeActions = {
  bucket: [...readActions.bucket, "s3:ListBucketMultipartUploads"],
  object: [
    ...readActions.object,
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
  ],
};

/** Exactly the buckets granted, each for reading, or for reading and writing. */
export function bucketPolicy(
  grants: readonly BucketGrant[],
): iam.PolicyDocument {
  return {
    Version: "2012-10-17",
    Statement: grants.flatMap(({ arn, access }) => {
      const actions = access === "write" ? writeActions : readActions;
      return [
        { Effect: "Allow", Action: actions.bucket, Resource: arn },
        { Effect: "Allow", Action: actions.object, Resource: `${arn}/*` },
      ];
    }),
  };
}

/** Workloads take on a role through the token that EKS mounts; the SDK in the S3A connector reads it. */
export function eksIdentity(
  name: string,
  args: {
    readonly issuer: TokenIssuer;
    readonly region: string;
    readonly serviceAccount: ServiceAccount;
    readonly grants: readonly {
      readonly bucket: S3Bucket;
      readonly access: "read" | "write";
    }[];
  },
  opts: pulumi.ComponentResourceOptions,
): Identity {
  const { issuer, serviceAccount, region } = args;
  const grants = args.grants.map(({ bucket, access }) => ({
    arn: bucket.arn,
    access,
  }));
  const policy = pulumi.output(grants).apply(bucketPolicy);
  const role = new ServiceAccountRole(
    name,
    { issuer, serviceAccount, policy: grants.length > 0 ? policy : undefined },
    opts,
  );
  return {
    annotations: { "eks.amazonaws.com/role-arn": role.arn },
    podLabels: {},
    env: [],
    hadoopConf: {
      "fs.s3a.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
      "fs.s3a.endpoint.region": region,
      "fs.s3a.aws.credentials.provider":
        "software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider",
    },
    ready: [role],
  };
}
