import { policyFacts } from "../../infra";
import { checkByType, type Rule } from "./rule";

const checks = policyFacts.map(({ publicBuckets }) => publicBuckets);

/** Nobody reads a bucket without being somebody. */
export const noPublicBucket: Rule = {
  name: "no-public-bucket",
  description:
    "Buckets are closed to the public, by a setting that also holds against later policies.",
  check: (resource) => checkByType(checks, resource),
  /** A bucket on S3 is closed by another resource, made beside it. */
  checkStack: (resources) =>
    policyFacts
      .flatMap((facts) => facts.openBuckets?.(resources) ?? [])
      .map((resource) => ({
        resource,
        message: "has no BucketPublicAccessBlock beside it; add one",
      })),
};
