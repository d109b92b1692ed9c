import type { PolicyDocument } from "@pulumi/aws/iam";
import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";

import type { Bucket, BucketArgs } from "../platform";

/** An S3 bucket: encrypted, private, reached over TLS only, without forgotten versions and uploads. */
export class S3Bucket extends pulumi.ComponentResource implements Bucket {
  readonly resource: s3.Bucket;
  readonly arn: pulumi.Output<string>;
  readonly uri: pulumi.Output<string>;

  constructor(
    /** Name in the stack. */
    readonly name: string,
    args: BucketArgs & { readonly bucketName: string },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:S3Bucket", name, {}, opts);
    this.resource = new s3.Bucket(
      `${name}-bucket`,
      { bucket: args.bucketName, forceDestroy: args.forceDestroy },
      { parent: this, protect: args.protect },
    );
    this.arn = this.resource.arn;
    this.uri = pulumi.interpolate`s3a://${this.resource.bucket}`;
    this.keepPrivate(name);
    this.encrypt(name);
    this.keepVersions(name, args);
    this.registerOutputs({ uri: this.uri });
  }

  private keepPrivate(name: string): void {
    const bucket = this.resource.bucket;
    const block = new s3.BucketPublicAccessBlock(
      `${name}-private`,
      {
        bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      { parent: this },
    );
    // S3 refuses two changes of one bucket's access at a time.
    new s3.BucketPolicy(
      `${name}-tls`,
      { bucket, policy: this.arn.apply(tlsOnly) },
      { parent: this, dependsOn: block },
    );
  }

  private encrypt(name: string): void {
    new s3.BucketServerSideEncryptionConfiguration(
      `${name}-encryption`,
      {
        bucket: this.resource.bucket,
        rules: [
          {
            applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" },
            bucketKeyEnabled: true,
          },
        ],
      },
      { parent: this },
    );
  }

  private keepVersions(name: string, args: BucketArgs): void {
    const bucket = this.resource.bucket;
    const versioning = new s3.BucketVersioning(
      `${name}-versioning`,
      {
        bucket,
        versioningConfiguration: {
          // Suspended rather than Disabled, so that a bucket whose versions are no longer wanted can be updated.
          status: args.versioned ? "Enabled" : "Suspended",
        },
      },
      { parent: this },
    );
    new s3.BucketLifecycleConfiguration(
      `${name}-lifecycle`,
      { bucket, rules: [expiry(args.expireNoncurrentDays)] },
      { parent: this, dependsOn: versioning },
    );
  }
}

function expiry(days: number) {
  return {
    id: "old-versions-and-unfinished-uploads",
    status: "Enabled",
    filter: { prefix: "" },
    noncurrentVersionExpiration: { noncurrentDays: days },
    abortIncompleteMultipartUpload: { daysAfterInitiation: days },
    // A version marker with no version behind it is not data.
    expiration: { expiredObjectDeleteMarker: true },
  };
}

function tlsOnly(arn: string): PolicyDocument {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  };
}
