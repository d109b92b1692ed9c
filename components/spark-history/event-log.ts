import type * as pulumi from "@pulumi/pulumi";

import type { Bucket } from "../../infra/platform";

/** Name of the bucket with the event logs of a team's Spark jobs. */
export function eventLogBucket(team: string): string {
  return `spark-logs-${team}`;
}

/**
 * Settings of a Spark job whose event log is kept in a bucket; the account of its driver may write there
 * (https://spark.apache.org/docs/3.5.7/monitoring.html).
 */
export function eventLogConf(
  bucket: Bucket,
): Record<string, pulumi.Input<string>> {
  return {
    "spark.eventLog.enabled": "true",
    // The root of a bucket is there before anything is in it; Spark refuses a folder that is not.
    "spark.eventLog.dir": bucket.uri,
    "spark.eventLog.compress": "true",
    // A file on an object store can be read once it is closed: a stream has no end, and its log has parts.
    "spark.eventLog.rolling.enabled": "true",
    "spark.eventLog.rolling.maxFileSize": "16m",
  };
}
