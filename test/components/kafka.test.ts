import assert from "node:assert/strict";

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { serverSettings } from "../../components/kafka/broker";
import {
  clientEnvironment,
  propertiesFile,
} from "../../components/kafka/client-settings";
import { kafkaSchema, type KafkaConfig } from "../../components/kafka/config";
import { Kafka, type KafkaArgs } from "../../components/kafka/kafka";
import { topicLines } from "../../components/kafka/topic-properties";
import { record, valueOf } from "../support/recording-monitor";
import { volumesOf } from "../support/test-volumes";
import { clusterNetwork } from "../support/cluster-network";

const topics = [
  { name: "click-events", partitions: 8, retentionHours: 1.5 },
  { name: "small", partitions: 1, retentionBytes: "1Gi" },
];

function register(config: KafkaConfig) {
  return record(() => {
    const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
    const platform: KafkaArgs["platform"] = {
      provider,
      kubeconfig: pulumi.output("{}"),
      clusterNetwork,
      ...volumesOf(provider),
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
    const claim = recording.one("kubernetes:core/v1:PersistentVolumeClaim");
    assert.match(
      JSON.stringify(claim.inputs),
      /"resources":{"requests":{"storage":"10Gi"}},"storageClassName":"disk"/,
    );
    assert.match(
      JSON.stringify(set.inputs),
      /"persistentVolumeClaim":{"claimName":"kafka-data"}/,
    );
    const job = recording.one("kubernetes:batch/v1:Job");
    assert.ok(job.dependencies.includes(set.urn), "topics after the broker");
    assert.match(
      JSON.stringify(job.inputs),
      /click-events 8 1 retention\.ms=5400000/,
    );
    for (const { custom, type, name, parent } of resources) {
      if (custom && !type.startsWith("pulumi:providers:"))
        assert.match(parent, /mlstack:components:Kafka[:$]/, name);
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
    // A node pool is ready when its cluster is, and says so nowhere: who waits for it first waits for ever.
    const waits = [...kinds, topic].map(
      ({ inputs }) =>
        (inputs["metadata"] as { annotations?: Record<string, string> })
          .annotations?.["pulumi.com/waitFor"],
    );
    assert.deepEqual(waits, [undefined, "condition=Ready", "condition=Ready"]);
    assert.deepEqual(Reflect.get(topic.inputs, "spec"), {
      topicName: "click-events",
      partitions: 8,
      replicas: 3,
      config: { "retention.ms": "5400000" },
    });
  });

  // https://kubernetes.io/docs/concepts/security/pod-security-standards/
  it("of Strimzi's comes up in a namespace that takes restricted pods alone", async () => {
    const recording = await register(kafkaSchema.parse({ kind: "strimzi" }));
    const namespace = recording.one("kubernetes:core/v1:Namespace");
    assert.match(JSON.stringify(namespace.inputs), /enforce":"restricted"/);
    const operator = recording.one("kubernetes:helm.sh/v3:Release");
    const values = operator.inputs["values"] as Record<string, unknown>;
    assert.deepEqual(values["podSecurityContext"], {
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    assert.deepEqual(values["securityContext"], {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    });
    // Security settings of the pods that the operator creates.
    assert.deepEqual(values["extraEnvs"], [
      { name: "STRIMZI_POD_SECURITY_PROVIDER_CLASS", value: "restricted" },
    ]);
  });

  it("of someone else's has its topics read, and none created or altered", async () => {
    const recording = await register(
      kafkaSchema.parse({
        kind: "external",
        topics: [{ name: "click-events" }],
        servers: "a:9093",
      }),
    );
    assert.deepEqual(
      recording.custom
        .map(({ type }) => type)
        .filter((type) => !type.startsWith("pulumi:")),
      [
        "kubernetes:core/v1:Secret",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
      ],
      "the clients' settings, their way out, and nothing else",
    );
  });

  it("of someone else's keeps its password in secrets", async () => {
    const recording = await register(
      kafkaSchema.parse({
        kind: "external",
        topics: [{ name: "click-events" }],
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
    const declared = kafkaSchema.parse({ kind: "single", topics });
    assert.equal(
      declared.kind === "single" && topicLines(declared.topics, 2),
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

  it("of clients are as they were given", () => {
    const security = {
      protocol: "SASL_SSL",
      mechanism: "PLAIN",
      username: "u",
      password: 'a"b\\c',
      ca: "-----BEGIN\nX",
    } as const;
    assert.equal(clientEnvironment(security)["KAFKA_PASSWORD"], 'a"b\\c');
    assert.equal(propertiesFile({ a: "x\ny\\" }), "a=x\\ny\\\\\n");
  });

  it("of a broker's memory follow its heap", async () => {
    for (const kind of ["single", "strimzi"] as const) {
      for (const [memory, heap] of [
        ["512m", 512],
        ["4g", 4096],
        ["64g", 65536],
      ] as const) {
        const { resources } = await register(
          kafkaSchema.parse({ kind, memory }),
        );
        const text = JSON.stringify(resources.map(({ inputs }) => inputs));
        const found = new RegExp(
          String.raw`"limits":{"memory":"(\d+)Mi"},"requests":{"cpu":"\w+","memory":"(\d+)Mi"}`,
        ).exec(text.replaceAll(/"limits":{"memory":"512Mi"}/g, ""));
        const [limit = 0, request = 0] = (found ?? []).slice(1).map(Number);
        assert.ok(request > heap, `${kind}: ${request} of ${memory}`);
        assert.ok(limit >= request, `${kind}: ${limit} of ${memory}`);
      }
    }
  });

  it("are refused where they cannot be meant", () => {
    for (const config of [
      { kind: "single", topics: [{ name: "Upper" }] },
      { kind: "single", topics: [{ name: "a" }, { name: "a" }] },
      { kind: "single", topics: [{ name: "a", partitions: 0 }] },
      { kind: "single", brokers: 3 },
      { kind: "external", servers: "no-port" },
      {
        kind: "external",
        servers: "a:1",
        topics: [{ name: "a", retentionHours: 1 }],
      },
      { kind: "external", servers: "a:1", security: { protocol: "SASL_SSL" } },
    ]) {
      assert.ok(!kafkaSchema.safeParse(config).success, JSON.stringify(config));
    }
  });
});
