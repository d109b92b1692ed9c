import * as pulumi from "@pulumi/pulumi";

import type { Bucket, BucketArgs, Platform } from "../infra/platform";

/** Names of the buckets that every stack has, and what each is for. */
export const bucketNames = {
  raw: "raw",
  featureStore: "feature-store",
  models: "models",
} as const;

/** Key of a bucket in {@link bucketNames}. */
export type BucketName = keyof typeof bucketNames;

/** The buckets in which raw events, Hudi feature tables and trained models live. */
export class HudiStore extends pulumi.ComponentResource {
  readonly buckets: Readonly<Record<BucketName, Bucket>>;

  constructor(
    name: string,
    args: { readonly platform: Platform; readonly bucket: BucketArgs },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:HudiStore", name, {}, opts);
    const bucket = (key: BucketName) =>
      args.platform.bucket(bucketNames[key], args.bucket, { parent: this });
    this.buckets = {
      raw: bucket("raw"),
      featureStore: bucket("featureStore"),
      models: bucket("models"),
    };
    this.registerOutputs();
  }
}
