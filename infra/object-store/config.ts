import { z } from "zod";

const keyPair = z.strictObject({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
});

const size = z
  .string()
  .regex(/^[1-9]\d*(Mi|Gi|Ti)$/, { error: "write a size such as 20Gi" });

/**
 * Schema of `target.objects`, for targets without object storage of their own.
 *
 * @param defaultSize size of the embedded store's volume unless one is given, such as `20Gi`
 */
export const objectsSchema = (defaultSize: string) =>
  z
    .discriminatedUnion("kind", [
      z.strictObject({
        /** The store that the program puts into the cluster. */
        kind: z.literal("in-cluster"),
        /** Size of its volume. */
        size: size.default(defaultSize),
      }),
      z.strictObject({
        /** An S3-compatible endpoint that is there already. */
        kind: z.literal("s3"),
        endpoint: z.url({ protocol: /^https?$/ }),
        region: z.string().default("us-east-1"),
        /** Buckets are there already; their names are this and the name in the stack. */
        bucketPrefix: z.string().default(""),
        /** Key pairs, as secrets, by the namespace that uses them. */
        keys: z.record(z.string(), keyPair),
      }),
    ])
    .prefault({ kind: "in-cluster" });

/** Where the buckets of a target without object storage of its own are. */
export type ObjectsConfig = z.output<ReturnType<typeof objectsSchema>>;
