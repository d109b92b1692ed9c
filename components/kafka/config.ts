import { z } from "zod";

import { jvmMemory, quantity } from "../quantity";

const topicName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9.]{0,198}[a-z0-9])?$/,
    "use lower-case letters, digits, hyphens and dots, at most 200",
  );

const topicSchema = z.strictObject({
  name: topicName,
  partitions: z.number().int().min(1).max(1000).default(8),
  /** How long a record is kept; a consumer that is away for longer misses records. */
  retentionHours: z.number().positive().default(168),
  /** Bytes that a partition keeps at most, as a quantity. */
  retentionBytes: quantity.optional(),
});

/** A topic as a stack declares it. */
export type Topic = z.output<typeof topicSchema>;

const topics = z
  .array(topicSchema)
  .refine(
    (items) => new Set(items.map(({ name }) => name)).size === items.length,
    "give every topic a name of its own",
  )
  .default([]);

const securitySchema = z.discriminatedUnion("protocol", [
  z.strictObject({ protocol: z.literal("PLAINTEXT") }),
  z.strictObject({
    protocol: z.literal("SSL"),
    /** PEM of the authority that signed the brokers; the system's when absent. */
    ca: z.string().startsWith("-----BEGIN").optional(),
  }),
  z.strictObject({
    protocol: z.enum(["SASL_SSL", "SASL_PLAINTEXT"]),
    ca: z.string().startsWith("-----BEGIN").optional(),
    mechanism: z
      .enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
      .default("SCRAM-SHA-512"),
    username: z.string().min(1),
    password: z.string().min(1),
  }),
]);

/** How clients prove who they are to an external cluster. */
export type KafkaSecurity = z.output<typeof securitySchema>;

/** Where a stack's Kafka comes from, and its topics. */
export const kafkaSchema = z.discriminatedUnion("kind", [
  /** One broker that is its own controller, of an image of ours. */
  z.strictObject({
    kind: z.literal("single"),
    topics,
    storage: quantity.default("10Gi"),
    /** Heap. */
    memory: jvmMemory.default("512m"),
  }),
  /** Brokers that the Strimzi operator runs and replaces. */
  z.strictObject({
    kind: z.literal("strimzi"),
    topics,
    pool: z.string().default("cpu"),
    brokers: z.number().int().min(1).max(99).default(3),
    /** Of each broker. */
    storage: quantity.default("100Gi"),
    /** Heap of each broker. */
    memory: jvmMemory.default("2g"),
  }),
  /** A cluster that someone else runs. */
  z.strictObject({
    kind: z.literal("external"),
    topics,
    servers: z
      .string()
      .regex(
        /^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$/,
        "write HOST:PORT, several separated by commas",
      ),
    security: securitySchema.default({ protocol: "PLAINTEXT" }),
    /** Copies of each partition of a topic that is not there yet. */
    replicas: z.number().int().min(1).max(9).default(3),
  }),
]);

/** Configuration of a stack's Kafka. */
export type KafkaConfig = z.output<typeof kafkaSchema>;

/** One kind of {@link KafkaConfig}. */
export type KafkaConfigOf<Kind extends KafkaConfig["kind"]> = Extract<
  KafkaConfig,
  { kind: Kind }
>;
