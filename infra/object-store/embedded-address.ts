/** Namespace of the embedded store. */
export const namespace = "versitygw";

/** Name of its service and of its StatefulSet, whose one pod has this name and `-0`. */
export const storeName = "versitygw";

/** Port of its S3 API. */
export const s3Port = 7070;

/** Port of its IAM API, on the pod's loopback alone. */
export const iamPort = 7076;

/** Its one region; versitygw's default. */
export const region = "us-east-1";

/** Access key ID of its administrator. */
export const rootAccessKeyId = "root";
