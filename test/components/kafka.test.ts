import assert from "node:assert/strict";

import * as k8s from "@pulumi/kubernetes";

import { serverSettings } from "../../components/kafka/broker";
import {
  clientEnvironment,
  clientProperties,
  propertiesFile,
} from "../../components/kafka/client-settings";
import { kafkaSchema, type KafkaConfig } from "../../components/kafka/config";
import { Kafka } from "../../components/kafka/kafka";
import { topicLines } from "../../components/kafka/topic-settings";
import type { Platform } from "../../infra/platform";
import { record, valueOf } from "../support/recording-monitor";

const topics = [
  { name: "click-events", partitions: 8, retentionHours: 1.5 },
  { name: "small", partitions: 1, retentionBytes: "1Gi" },
];

function register(config: KafkaConfig) {
  return record(() => {
    const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
    const platform: Pick<Platform, "provider" | "pools" | "storage"> = {
      provider,
      storage: { block: "disk" },
      pools: [
        {
          name: "cpu",
          min: 1,
          max: 1,
          spot: false,
          placement: {
            nodeSelector: { "mlstack.dev/pool": "cpu" },
            tolerations: [],
          },
        },
      ],
    };
    const kafka = new Kafka("kafka", {
      platform,
      config,
      image: "registry/kafka:1",
      forceDestroy: true,
    });
    return { kafka, client: kafka.client("ml", "ml") };
  });
}

describe("Kafka", () => {
  it("alone is a stateful set with its log on a volume, and a job that makes the topics", async () => {
    const recording = await register(
      kafkaSchema.parse({ kind: "single", topics }),
    );
    const { result, resources } = recording;
    assert.equal(await valueOf(result.kafka.servers), "kafka.kafka.svc:9092");
    const set = recording.one("kubernetes:apps/v1:StatefulSet");
    assert.match(
      JSON.stringify(set.inputs),
      /"resources":{"requests":{"storage":"10Gi"}},"storageClassName":"disk"/,
    );
    const job = recording.one("kubernetes:batch/v1:Job");
    assert.ok(job.dependencies.includes(set.urn), "topics after the broker");
    assert.match(
      JSON.stringify(job.inputs),
      /click-events 8 1 retention\.ms=5400000/,
    );
    for (const { custom, type, name, parent } of resources) {
      if (custom && !type.startsWith("pulumi:providers:"))
        assert.match(parent, /mlstack:components:Kafka::kafka$/, name);
    }
  });

  it("of Strimzi's is an operator, nodes, a cluster and its topics, one after another", async () => {
    const recording = await register(
      kafkaSchema.parse({ kind: "strimzi", topics, brokers: 5 }),
    );
    const kinds = ["KafkaNodePool", "Kafka"].map((kind) =>
      recording.one(`kubernetes:kafka.strimzi.io/v1:${kind}`),
    );
    const topic = recording.one(
      "kubernetes:kafka.strimzi.io/v1:KafkaTopic",
      "kafka-topic-click-events",
    );
    const operator = recording.one("kubernetes:helm.sh/v3:Release");
    assert.ok(kinds[0]?.dependencies.includes(operator.urn));
    assert.ok(kinds[1]?.dependencies.includes(kinds[0]?.urn ?? ""));
    assert.ok(topic.dependencies.includes(kinds[1]?.urn ?? ""));
    assert.deepEqual(Reflect.get(topic.inputs, "spec"), {
      topicName: "click-events",
      partitions: 8,
      replicas: 3,
      config: { "retention.ms": "5400000" },
    });
  });

  it("of someone else's keeps its password in secrets", async () => {
    const recording = await register(
      kafkaSchema.parse({
        kind: "external",
        topics,
        servers: "a:9093,b:9093",
        security: { protocol: "SASL_SSL", username: "u", password: "hush" },
      }),
    );
    for (const { wire, type, name } of recording.custom) {
      const text = JSON.stringify(wire);
      // A secret travels under its signature, beside which its plain value stands in the request.
      if (text.includes("hush")) {
        assert.equal(type, "kubernetes:core/v1:Secret", name);
        assert.match(text, /4dabf18193072939515e22adb298388d/);
      }
    }
    const { client } = recording.result;
    assert.deepEqual(
      client.env.map(({ name }) => name),
      [
        "KAFKA_SECURITY_PROTOCOL",
        "KAFKA_SASL_MECHANISM",
        "KAFKA_USERNAME",
        "KAFKA_PASSWORD",
      ],
    );
    assert.ok(client.env.every(({ value }) => value === undefined));
  });
});

describe("settings of Kafka", () => {
  it("of topics are a line each", () => {
    const { topics: declared } = kafkaSchema.parse({ kind: "single", topics });
    assert.equal(
      topicLines(declared, 2),
      "click-events 8 2 retention.ms=5400000\nsmall 1 2 retention.ms=604800000 retention.bytes=1073741824",
    );
  });

  it("of a broker that is alone keep one copy, and make no topic that nobody declared", () => {
    const settings = serverSettings("kafka.kafka.svc");
    assert.equal(settings["auto.create.topics.enable"], false);
    for (const [key, value] of Object.entries(settings)) {
      if (/replication\.factor|min\.isr/.test(key)) assert.equal(value, 1, key);
    }
  });

  it("of clients quote what a password may hold", () => {
    const security = {
      protocol: "SASL_SSL",
      mechanism: "PLAIN",
      username: "u",
      password: 'a"b\\c',
      ca: "-----BEGIN\nX",
    } as const;
    const properties = clientProperties(security);
    assert.match(
      properties["sasl.jaas.config"] ?? "",
      /password="a\\"b\\\\c";$/,
    );
    assert.match(propertiesFile(properties), /certificates=-----BEGIN\\nX\n/);
    assert.equal(clientEnvironment(security)["KAFKA_PASSWORD"], 'a"b\\c');
  });

  it("are refused where they cannot be meant", () => {
    for (const config of [
      { kind: "single", topics: [{ name: "Upper" }] },
      { kind: "single", topics: [{ name: "a" }, { name: "a" }] },
      { kind: "single", topics: [{ name: "a", partitions: 0 }] },
      { kind: "single", brokers: 3 },
      { kind: "external", servers: "no-port" },
      { kind: "external", servers: "a:1", security: { protocol: "SASL_SSL" } },
    ]) {
      assert.ok(!kafkaSchema.safeParse(config).success, JSON.stringify(config));
    }
  });
});
