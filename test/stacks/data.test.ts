import assert from "node:assert/strict";

import type { Recorded } from "../support/recording-monitor";
import { projectStacks, recordStack } from "../support/stack-program";

const claimType = "kubernetes:core/v1:PersistentVolumeClaim";

/** Types that hold data which cannot be recreated: claims, brokers that an operator keeps, and buckets. */
const holders = [
  claimType,
  "kubernetes:kafka.strimzi.io/v1:Kafka",
  "kubernetes:kafka.strimzi.io/v1:KafkaNodePool",
  "aws:s3/bucket:Bucket",
  "gcp:storage/bucket:Bucket",
  "azure-native:storage:StorageAccount",
  "azure-native:storage:BlobContainer",
  "mlstack:index:EmbeddedBucket",
];

function everything(
  lifetime: "long" | "short",
  kafka: "single" | "strimzi",
  sizes: { readonly storage?: string; readonly disk?: string } = {},
) {
  const { storage, disk } = sizes;
  return {
    lifetime,
    teams: [{ name: "ml", quota: { cpu: "64", memory: "256Gi" } }],
    kafka: { kind: kafka, topics: [{ name: "events" }], storage },
    streams: {
      clickstream: { topic: "events", online: { kind: "redis", storage } },
    },
    observability: { enabled: true, storage },
    workloads: { notebooks: [{ name: "ann", disk }] },
  };
}

interface Metadata {
  readonly name: string;
  readonly namespace: string;
}

const metadataOf = ({ inputs }: Recorded) => inputs["metadata"] as Metadata;

/** Names of claims that the pods of a resource mount. */
function mounted(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "persistentVolumeClaim"
      ? [(inner as { claimName: string }).claimName]
      : mounted(inner),
  );
}

// The classes of volumes differ between these; all else is the same on every target.
for (const stack of projectStacks.filter((each) =>
  ["local", "aws", "onprem"].includes(each),
)) {
  // Strimzi's resources are the same on every target.
  const kinds =
    stack === "aws" ? (["single", "strimzi"] as const) : ["single" as const];
  for (const kafka of kinds) {
    describe(`data of ${stack} with Kafka of kind ${kafka}`, () => {
      let long: readonly Recorded[];
      before(async function () {
        this.timeout(120_000);
        const recording = await recordStack(stack, everything("long", kafka));
        long = recording.resources;
      });

      it("is protected, and no change of an input replaces it by itself", () => {
        const held = long.filter(({ type }) => holders.includes(type));
        assert.ok(held.length > 3, String(held.length));
        const open = held.filter(
          ({ protect, replaceOnChanges }) =>
            !protect || replaceOnChanges.length > 0,
        );
        assert.deepEqual(
          open.map(({ urn }) => urn),
          [],
        );
      });

      it("lies on claims of the program, not on templates that cannot change", () => {
        const templated = long.filter(
          ({ type, inputs }) =>
            type === "kubernetes:apps/v1:StatefulSet" &&
            JSON.stringify(inputs).includes("volumeClaimTemplates"),
        );
        assert.deepEqual(
          templated.map(({ name }) => name),
          [],
        );
        const claims = long
          .filter(({ type }) => type === claimType)
          .map((claim) => {
            const { namespace, name } = metadataOf(claim);
            return `${namespace}/${name}`;
          });
        const used = long
          .filter(({ type }) => type.startsWith("kubernetes:"))
          .flatMap((each) =>
            mounted(each.inputs).map(
              (claim) => `${metadataOf(each).namespace}/${claim}`,
            ),
          );
        for (const claim of used) assert.ok(claims.includes(claim), claim);
        assert.ok(used.includes("ml/notebook-ann-home"), String(used));
        assert.ok(used.includes("ml/clickstream-stream-online-data"));
        if (kafka === "single") assert.ok(used.includes("kafka/kafka-data"));
      });

      it("goes with a short-lived stack", async function () {
        this.timeout(120_000);
        const { resources } = await recordStack(
          stack,
          everything("short", kafka),
        );
        const held = resources.filter(
          ({ type, protect }) => holders.includes(type) && protect,
        );
        assert.deepEqual(
          held.map(({ urn }) => urn),
          [],
        );
      });

      it("of another size is another size of the claim and of nothing that it is mounted by", async function () {
        this.timeout(120_000);
        const { resources } = await recordStack(
          stack,
          everything("long", kafka, { storage: "123Gi", disk: "45Gi" }),
        );
        const inputsOf = (all: readonly Recorded[], type: string) =>
          new Map(
            all
              .filter((each) => each.type === type)
              .map(({ urn, inputs }) => [urn, JSON.stringify(inputs)]),
          );
        for (const type of [
          "kubernetes:apps/v1:StatefulSet",
          "kubernetes:apps/v1:Deployment",
        ]) {
          assert.deepEqual(
            inputsOf(resources, type),
            inputsOf(long, type),
            type,
          );
        }
        const before = inputsOf(long, claimType);
        for (const [urn, inputs] of inputsOf(resources, claimType)) {
          if (!/store/.test(urn)) assert.notEqual(inputs, before.get(urn), urn);
        }
      });
    });
  }
}
