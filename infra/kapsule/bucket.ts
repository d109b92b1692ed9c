import * as object from "@pulumiverse/scaleway/object";
import * as pulumi from "@pulumi/pulumi";

import type { Bucket, BucketArgs } from "../platform";

/** A right of an IAM application on a bucket. */
export interface BucketGrant {
  /** ID of the application. */
  readonly application: pulumi.Output<string>;
  readonly access: "read" | "write";
}

/**
 * Actions of a bucket's policy: those on the bucket, and those on its objects.
 *
 * @see https://www.scaleway.com/en/docs/object-storage/api-cli/bucket-policy/
 */
const actions = {
  read: ["s3:ListBucket", "s3:GetBucketLocation", "s3:GetObject"],
  write: [
    "s3:ListBucket",
    "s3:GetBucketLocation",
    "s3:ListBucketMultipartUploads",
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
  ],
} as const;

/** A bucket that its policy opens to those who were granted it, and to nobody else. */
export class ScalewayBucket extends pulumi.ComponentResource implements Bucket {
  readonly resource: object.Bucket;
  readonly policy: object.BucketPolicy;
  readonly uri: pulumi.Output<string>;

  private readonly grants: BucketGrant[] = [];
  private declared = false;

  constructor(
    /** Name in the stack. */
    readonly name: string,
    args: BucketArgs & {
      readonly bucketName: string;
      readonly region: string;
      readonly project: string;
      readonly tags: Readonly<Record<string, string>>;
      /** Principals of the policy that may do everything. */
      readonly admins: readonly string[];
    },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:ScalewayBucket", name, {}, opts);
    const { region, project: projectId } = args;
    this.resource = new object.Bucket(
      `${name}-bucket`,
      {
        ...{ name: args.bucketName, region, projectId },
        tags: args.tags,
        forceDestroy: args.forceDestroy,
        versioning: { enabled: args.versioned },
        lifecycleRules: expiry(args.expireNoncurrentDays),
      },
      { parent: this, protect: args.protect },
    );
    this.policy = new object.BucketPolicy(
      `${name}-policy`,
      {
        ...{ bucket: this.resource.name, region, projectId },
        policy: pulumi
          .output(this.allGrants())
          .apply((grants) => policyOf(args.bucketName, args.admins, grants)),
      },
      { parent: this },
    );
    this.uri = pulumi.interpolate`s3a://${this.resource.name}`;
    this.registerOutputs({ uri: this.uri });
  }

  /** Adds a right to the bucket's policy. @throws {Error} once the program has ended its first turn */
  grant(grant: BucketGrant): void {
    if (this.declared) {
      throw new Error(
        `${this.name}: granted after its policy was made; grant in the turn that makes the bucket`,
      );
    }
    this.grants.push(grant);
  }

  /** A bucket has one policy for all its rights, which are known when the program has declared everything. */
  private async allGrants() {
    await new Promise((resolve) => setImmediate(resolve));
    this.declared = true;
    return this.grants;
  }
}

function policyOf(
  bucket: string,
  admins: readonly string[],
  grants: readonly {
    readonly application: string;
    readonly access: "read" | "write";
  }[],
): string {
  const statement = (
    Sid: string,
    SCW: readonly string[],
    Action: readonly string[],
  ) => ({
    ...{ Sid, Effect: "Allow", Principal: { SCW }, Action },
    Resource: [bucket, `${bucket}/*`],
  });
  return JSON.stringify({
    Version: "2023-04-17",
    Id: bucket,
    Statement: [
      statement("admins", admins, ["s3:*"]),
      ...(["read", "write"] as const).flatMap((access) => {
        const principals = grants
          .filter((grant) => grant.access === access)
          .map(({ application }) => `application_id:${application}`);
        return principals.length === 0
          ? []
          : [statement(access, principals.sort(), actions[access])];
      }),
    ],
  });
}

function expiry(days: number) {
  return [
    {
      id: "old-versions",
      enabled: true,
      noncurrentVersionExpiration: { noncurrentDays: days },
    },
    {
      id: "unfinished-uploads",
      enabled: true,
      abortIncompleteMultipartUploadDays: days,
    },
  ];
}
