import type * as pulumi from "@pulumi/pulumi";

import type { StringMap } from "../platform";

/** Address of an S3-compatible store. */
export interface S3Address {
  /** URL, of `http` or `https`. */
  readonly endpoint: pulumi.Input<string>;
  readonly region: string;
}

/**
 * Settings of Hadoop's S3A client (3.4) for an S3-compatible endpoint without virtual hosts.
 * The credentials come from the environment; the provider's name is the AWS SDK's, version 2, which that client is built on.
 */
export function s3aSettings({ endpoint, region }: S3Address): StringMap {
  return {
    "fs.s3a.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
    // The scheme decides on TLS.
    "fs.s3a.endpoint": endpoint,
    "fs.s3a.endpoint.region": region,
    "fs.s3a.path.style.access": "true",
    "fs.s3a.aws.credentials.provider":
      "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider",
  };
}
