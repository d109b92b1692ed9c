import * as storage from "@pulumi/gcp/storage";
import * as pulumi from "@pulumi/pulumi";

import type { Bucket, BucketArgs } from "../platform";

/** A bucket of Cloud Storage: access by IAM alone, never public, without forgotten versions and uploads. */
export class GcsBucket extends pulumi.ComponentResource implements Bucket {
  readonly resource: storage.Bucket;
  readonly uri: pulumi.Output<string>;

  constructor(
    /** Name in the stack. */
    readonly name: string,
    args: BucketArgs & {
      readonly bucketName: string;
      readonly location: string;
      readonly labels: Readonly<Record<string, string>>;
    },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:GcsBucket", name, {}, opts);
    this.resource = new storage.Bucket(
      `${name}-bucket`,
      {
        name: args.bucketName,
        location: args.location,
        labels: args.labels,
        uniformBucketLevelAccess: true,
        publicAccessPrevention: "enforced",
        forceDestroy: args.forceDestroy,
        versioning: { enabled: args.versioned },
        lifecycleRules: expiry(args.expireNoncurrentDays),
        // Deleted objects are kept, and paid for, a week longer, which an environment of hours has no use for.
        softDeletePolicy: {
          retentionDurationSeconds: args.forceDestroy ? 0 : 7 * 24 * 3600,
        },
      },
      { parent: this, protect: args.protect },
    );
    this.uri = pulumi.interpolate`gs://${this.resource.name}`;
    this.registerOutputs({ uri: this.uri });
  }
}

function expiry(days: number) {
  return [
    {
      action: { type: "Delete" },
      condition: { daysSinceNoncurrentTime: days, withState: "ARCHIVED" },
    },
    {
      action: { type: "AbortIncompleteMultipartUpload" },
      condition: { age: days },
    },
  ];
}
