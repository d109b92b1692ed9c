import {
  at,
  isObject,
  list,
  plainType,
  type PolicyResource,
  type Rule,
} from "./rule";

const bucketType = "aws:s3/bucket:Bucket";
const blockType = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock";

const blockFlags = [
  "blockPublicAcls",
  "blockPublicPolicy",
  "ignorePublicAcls",
  "restrictPublicBuckets",
];

const everyone = ["allUsers", "allAuthenticatedUsers"];

/** Nobody reads a bucket without being somebody. */
export const noPublicBucket: Rule = {
  name: "no-public-bucket",
  description:
    "Buckets are closed to the public, by a setting that also holds against later policies.",
  check({ type, props }) {
    switch (plainType({ type })) {
      case bucketType:
      case "aws:s3/bucketAcl:BucketAcl":
        return /^public|^authenticated/.test(String(props["acl"] ?? ""))
          ? [`acl: ${String(props["acl"])}: use private`]
          : [];
      case blockType:
        return blockFlags
          .filter((flag) => props[flag] !== true)
          .map((flag) => `${flag}: set it to true`);
      case "aws:s3/bucketPolicy:BucketPolicy":
        return statements(props["policy"]).some(admitsEveryone)
          ? ["policy: allows every principal; name those who may"]
          : [];
      case "gcp:storage/bucket:Bucket":
        return [
          ...(props["publicAccessPrevention"] === "enforced"
            ? []
            : ["publicAccessPrevention: write enforced"]),
          ...(props["uniformBucketLevelAccess"] === true
            ? []
            : ["uniformBucketLevelAccess: set it to true"]),
        ];
      case "gcp:storage/bucketIAMMember:BucketIAMMember":
      case "gcp:storage/bucketIAMBinding:BucketIAMBinding":
        return [props["member"], ...list(props["members"])]
          .map(String)
          .filter((member) => everyone.includes(member))
          .map((member) => `${member}: name those who may`);
      case "azure-native:storage:StorageAccount":
        return props["allowBlobPublicAccess"] === false
          ? []
          : ["allowBlobPublicAccess: set it to false"];
      case "azure-native:storage:BlobContainer":
        return ["None", undefined].includes(text(props["publicAccess"]))
          ? []
          : ["publicAccess: write None"];
      default:
        return [];
    }
  },
  /** A bucket on S3 is closed by another resource, made beside it. */
  checkStack: (resources) =>
    resources
      .filter(
        (bucket) => bucket.type === bucketType && !hasBlock(bucket, resources),
      )
      .map((resource) => ({
        resource,
        message: "has no BucketPublicAccessBlock beside it; add one",
      })),
};

function hasBlock(
  bucket: PolicyResource,
  resources: readonly PolicyResource[],
): boolean {
  return resources.some(
    ({ type, parent }) => type === blockType && parent === bucket.parent,
  );
}

function statements(policy: unknown): readonly unknown[] {
  const document: unknown =
    typeof policy === "string" ? JSON.parse(policy) : policy;
  const statement = at(document, "Statement");
  return Array.isArray(statement) ? statement : [statement];
}

function admitsEveryone(statement: unknown): boolean {
  if (at(statement, "Effect") !== "Allow") return false;
  const principal = at(statement, "Principal");
  const named = isObject(principal)
    ? Object.values(principal).flat()
    : [principal];
  return named.includes("*");
}

function text(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}
