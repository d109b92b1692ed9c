import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { chartOfRelease } from "../../infra/charts/chart-source";
import type { PlacedPool, Platform } from "../../infra/platform";
import { VolumeSize } from "../../infra/volumes/volume-size";
import { ChartKinds } from "../manifests/chart-kinds";
import { KafkaCluster, KafkaNodePool, KafkaTopic } from "../kinds/strimzi";
import { containerSecurity } from "../pods/restricted-pod";
import { charts, kafkaVersion } from "../versions";
import { clientPort } from "./broker";
import { brokerMemory, type KafkaConfigOf } from "./config";
import { topicProperties } from "./topic-properties";
import type { Topic } from "./topic-schema";

/** Arguments of a Strimzi cluster. */
export interface StrimziArgs {
  readonly namespace: pulumi.Output<string>;
  readonly platform: Pick<Platform, "kubeconfig" | "provider" | "storage">;
  readonly pool: PlacedPool;
  readonly config: KafkaConfigOf<"strimzi">;
  /** Namespaces whose pods may come as clients. */
  readonly clients: k8s.types.input.meta.v1.LabelSelector;
  /** Whether a deletion takes the records along. */
  readonly deleteClaims: boolean;
}

/** Strimzi's operator, and a cluster of brokers that it runs. @returns what to wait for before a client comes */
export function strimziCluster(
  name: string,
  args: StrimziArgs,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const kinds = new ChartKinds(
    `${name}-kinds`,
    { pin: charts.strimzi, platform: args.platform },
    { parent: opts.parent },
  );
  const operator = new k8s.helm.v3.Release(
    `${name}-operator`,
    {
      name: "strimzi",
      ...chartOfRelease(charts.strimzi),
      namespace: args.namespace,
      atomic: true,
      skipCrds: true,
      timeout: 300,
      values: {
        // Its namespace takes no other pods: the operator's own, and those that it makes.
        podSecurityContext: {
          runAsNonRoot: true,
          seccompProfile: { type: "RuntimeDefault" },
        },
        securityContext: containerSecurity,
        extraEnvs: [
          { name: "STRIMZI_POD_SECURITY_PROVIDER_CLASS", value: "restricted" },
        ],
        resources: {
          requests: { cpu: "100m", memory: "384Mi" },
          limits: { memory: "512Mi" },
        },
      },
    },
    { ...opts, dependsOn: kinds },
  );
  const namespace = args.namespace;
  // The operator grows the claims, and leaves out a size that is smaller.
  const size = new VolumeSize(
    `${name}-nodes`,
    {
      claim: pulumi.interpolate`${namespace}/data-${name}-nodes-*`,
      size: args.config.storage,
      expandable: args.platform.storage.expandable,
    },
    { parent: opts.parent },
  );
  // Without their cluster, the operator would take the brokers down.
  const kept = { ...opts, protect: !args.deleteClaims };
  const nodes = new KafkaNodePool(
    `${name}-nodes`,
    {
      metadata: {
        name: "nodes",
        namespace,
        labels: { "strimzi.io/cluster": name },
      },
      spec: nodePool(args),
    },
    { ...kept, dependsOn: [operator, size] },
  );
  const cluster = new KafkaCluster(
    name,
    { metadata: { name, namespace }, spec: clusterSpec(args) },
    { ...kept, dependsOn: nodes },
  );
  const topics = args.config.topics.map(
    (topic) =>
      new KafkaTopic(
        `${name}-topic-${topic.name}`,
        {
          metadata: {
            name: topic.name,
            namespace,
            labels: { "strimzi.io/cluster": name },
          },
          spec: topicSpec(topic, copies(args.config)),
        },
        { ...opts, dependsOn: cluster },
      ),
  );
  return [cluster, ...topics];
}

/** Address of the listener for clients inside the Kubernetes cluster. */
export function strimziServers(name: string, namespace: string): string {
  return `${name}-kafka-bootstrap.${namespace}.svc:${clientPort}`;
}

function nodePool({ config, pool, ...args }: StrimziArgs) {
  const { nodeSelector, tolerations } = pool.placement;
  const { request, limit } = brokerMemory(config);
  return {
    replicas: config.brokers,
    roles: ["broker", "controller"] as const,
    storage: {
      type: "persistent-claim" as const,
      size: config.storage,
      class: args.platform.storage.block,
      deleteClaim: args.deleteClaims,
    },
    resources: {
      requests: { cpu: "500m", memory: `${request}Mi` },
      limits: { memory: `${limit}Mi` },
    },
    jvmOptions: { "-Xms": config.memory, "-Xmx": config.memory },
    template: {
      pod: {
        // Strimzi's pod template has affinity, and no node selector.
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                {
                  matchExpressions: Object.entries(nodeSelector).map(
                    ([key, value]) => ({
                      key,
                      operator: "In",
                      values: [value],
                    }),
                  ),
                },
              ],
            },
          },
        },
        tolerations: [...tolerations],
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "topology.kubernetes.io/zone",
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: { "strimzi.io/kind": "Kafka" } },
          },
        ],
      },
    },
  };
}

function clusterSpec({ config, clients }: StrimziArgs) {
  const replicas = copies(config);
  return {
    kafka: {
      version: kafkaVersion,
      listeners: [
        {
          name: "plain",
          port: clientPort,
          type: "internal" as const,
          tls: false,
          networkPolicyPeers: [{ namespaceSelector: clients }],
        },
      ],
      config: {
        "auto.create.topics.enable": false,
        "default.replication.factor": replicas,
        "min.insync.replicas": Math.max(1, replicas - 1),
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": Math.max(1, replicas - 1),
      },
    },
    entityOperator: { topicOperator: {} },
  };
}

function topicSpec(topic: Topic, replicas: number) {
  return {
    topicName: topic.name,
    partitions: topic.partitions,
    replicas,
    config: topicProperties(topic),
  };
}

/** Three copies outlive a machine and a roll at once; fewer brokers hold fewer. */
function copies({ brokers }: KafkaConfigOf<"strimzi">): number {
  return Math.min(3, brokers);
}
