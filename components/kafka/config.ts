import { z } from "zod";

import { jvmMebibytes, jvmMemory, quantity } from "../../infra/quantity";
import { externalTopicsSchema, topicsSchema } from "./topic-schema";

const authority = z
  .string()
  .startsWith("-----BEGIN")
  .optional()
  .describe(
    "PEM of the authority that signed the brokers; the system's when absent",
  );

const securitySchema = z.discriminatedUnion("protocol", [
  z.strictObject({
    protocol: z
      .literal("PLAINTEXT")
      .describe("No encryption and no authentication"),
  }),
  z.strictObject({
    protocol: z.literal("SSL").describe("Encryption with TLS"),
    ca: authority,
  }),
  z.strictObject({
    protocol: z
      .enum(["SASL_SSL", "SASL_PLAINTEXT"])
      .describe("Authentication; with SASL_SSL also encryption"),
    ca: authority,
    mechanism: z
      .enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
      .default("SCRAM-SHA-512")
      .describe("SASL mechanism"),
    username: z.string().min(1).describe("User name"),
    password: z.string().min(1).describe("Password, as a secret"),
  }),
]);

/** Authentication of clients to an external cluster. */
export type KafkaSecurity = z.output<typeof securitySchema>;

/** Configuration of a stack's Kafka, and of its topics. */
export const kafkaSchema = z.discriminatedUnion("kind", [
  /** One broker that is its own controller, of an image of ours. */
  z.strictObject({
    kind: z.literal("single").describe("One broker that is its own controller"),
    topics: topicsSchema.describe("Topics of the cluster"),
    storage: quantity.default("10Gi").describe("Volume of the records"),
    memory: jvmMemory.default("512m").describe("Heap"),
  }),
  /** Brokers that the Strimzi operator runs and replaces. */
  z.strictObject({
    kind: z
      .literal("strimzi")
      .describe("Brokers that the Strimzi operator runs"),
    topics: topicsSchema.describe("Topics of the cluster"),
    pool: z.string().default("cpu").describe("Pool of the brokers"),
    brokers: z
      .number()
      .int()
      .min(1)
      .max(99)
      .default(3)
      .describe("Number of them"),
    storage: quantity.default("100Gi").describe("Volume of each broker"),
    memory: jvmMemory.default("2g").describe("Heap of each broker"),
  }),
  /** A cluster that someone else runs. */
  z.strictObject({
    kind: z
      .literal("external")
      .describe("An existing cluster that others operate"),
    topics: externalTopicsSchema.describe(
      "Existing topics that streams read, by name; the program neither creates nor alters them",
    ),
    servers: z
      .string()
      .regex(
        /^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$/,
        "write HOST:PORT, several separated by commas",
      )
      .describe("Bootstrap servers: HOST:PORT, separated by commas"),
    security: securitySchema
      .default({ protocol: "PLAINTEXT" })
      .describe("Authentication of clients"),
  }),
]);

/** Configuration of a stack's Kafka. */
export type KafkaConfig = z.output<typeof kafkaSchema>;

/** One kind of {@link KafkaConfig}. */
export type KafkaConfigOf<Kind extends KafkaConfig["kind"]> = Extract<
  KafkaConfig,
  { kind: Kind }
>;

/** Memory of a broker's container, in MiB: its heap, and what the JVM and network buffers take beside it. */
export function brokerMemory({ memory }: { readonly memory: string }): {
  readonly request: number;
  readonly limit: number;
} {
  const heap = jvmMebibytes(memory);
  return {
    request: Math.ceil(heap * 1.5),
    // The page cache of the log counts too, and is given back under pressure.
    limit: Math.max(2048, heap * 2),
  };
}
