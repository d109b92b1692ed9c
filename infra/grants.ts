import { describeProblem } from "./problem";
import type { Bucket, IdentityArgs } from "./platform";

/** A grant on a bucket of the target's own class. */
export interface OwnGrant<Own extends Bucket> {
  readonly bucket: Own;
  readonly access: "read" | "write";
}

/** The buckets that a platform has made, by their names in the stack. */
export class BucketShelf<Own extends Bucket> {
  private readonly buckets = new Map<string, Own>();

  add(bucket: Own): Own {
    this.buckets.set(bucket.name, bucket);
    return bucket;
  }

  /** The grants, in terms of the platform's own buckets; a bucket from elsewhere cannot be granted. */
  resolve({ serviceAccount, grants }: IdentityArgs): OwnGrant<Own>[] {
    return grants.map(({ bucket, access }, index) => {
      const own = this.buckets.get(bucket.name);
      if (own === bucket) return { bucket: own, access };
      const known = [...this.buckets.keys()].join(", ") || "none";
      throw new RangeError(
        describeProblem({
          path: `identity ${serviceAccount.namespace}/${serviceAccount.name}: grants[${index}].bucket`,
          value: bucket.name,
          remedy: `not a bucket of this stack; its buckets are: ${known}`,
        }),
      );
    });
  }
}
