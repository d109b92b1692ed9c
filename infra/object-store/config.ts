import { z } from "zod";

const keyPair = z.strictObject({
  accessKeyId: z.string().min(1).describe("ID of the key pair"),
  secretAccessKey: z.string().min(1).describe("The key itself, as a secret"),
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
        kind: z
          .literal("in-cluster")
          .describe("The embedded store in the cluster"),
        size: size.default(defaultSize).describe("Size of its volume"),
      }),
      z.strictObject({
        kind: z.literal("s3").describe("An existing S3-compatible endpoint"),
        endpoint: z
          .url({ protocol: /^https?$/ })
          .describe("Address of the endpoint"),
        region: z
          .string()
          .default("us-east-1")
          .describe("Region that requests are signed for"),
        bucketPrefix: z
          .string()
          .default("")
          .describe(
            "Prefix of the existing buckets' names, before the name in the stack",
          ),
        keys: z
          .record(z.string(), keyPair)
          .describe("Key pairs, as secrets, by the namespace that uses them"),
      }),
    ])
    .prefault({ kind: "in-cluster" });

/** Configuration of the buckets on targets without object storage of their own. */
export type ObjectsConfig = z.output<ReturnType<typeof objectsSchema>>;
