/** A bucket, and how it may be used. */
export interface StoreGrant {
  readonly bucket: string;
  readonly access: "read" | "write";
}

const read = {
  bucket: ["s3:GetBucketLocation", "s3:ListBucket"],
  object: ["s3:GetObject"],
};

const write = {
  bucket: [...read.bucket, "s3:ListBucketMultipartUploads"],
  object: [
    ...read.object,
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
  ],
};

/**
 * IAM policy of exactly the grants: nobody removes old versions of objects.
 * One statement has all buckets of one kind of access, since a policy has 2,048 bytes at most.
 *
 * @returns JSON; undefined without grants
 */
export function accessPolicy(
  grants: readonly StoreGrant[],
): string | undefined {
  const statements = (["read", "write"] as const).flatMap((access) => {
    const buckets = grants
      .filter((grant) => grant.access === access)
      .map(({ bucket }) => `arn:aws:s3:::${bucket}`)
      .sort();
    if (buckets.length === 0) return [];
    const actions = { read, write }[access];
    return [
      { Effect: "Allow", Action: actions.bucket, Resource: buckets },
      {
        Effect: "Allow",
        Action: actions.object,
        Resource: buckets.map((bucket) => `${bucket}/*`),
      },
    ];
  });
  return statements.length === 0
    ? undefined
    : JSON.stringify({ Version: "2012-10-17", Statement: statements });
}
