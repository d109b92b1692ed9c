import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import type { Volume } from "../../infra/platform";
import { containerSecurity, podSecurity } from "../pods/restricted-pod";
import { propertiesFile } from "./client-settings";
import { brokerMemory, type KafkaConfigOf } from "./config";
import { kafkaUser } from "./topics-job";
import { podService } from "../pods/pod-service";

/** Port of the listener for clients. */
export const clientPort = 9092;

const labels = { "app.kubernetes.io/name": "kafka" };

/** Arguments of {@link broker}. */
export interface BrokerArgs {
  readonly namespace: pulumi.Output<string>;
  readonly image: pulumi.Input<string>;
  readonly volume: Volume;
  readonly config: KafkaConfigOf<"single">;
}

/** One broker that is its own controller, its log on a persistent volume. */
export function broker(
  name: string,
  args: BrokerArgs,
  opts: pulumi.CustomResourceOptions,
): k8s.apps.v1.StatefulSet {
  const metadata = { namespace: args.namespace, labels };
  const service = podService(
    name,
    {
      metadata: { ...metadata, name },
      selector: labels,
      ports: [{ name: "kafka", port: clientPort }],
    },
    opts,
  );
  const settings = new k8s.core.v1.ConfigMap(
    `${name}-settings`,
    {
      metadata,
      data: {
        "server.properties": args.namespace.apply((namespace) =>
          propertiesFile(serverSettings(`${name}.${namespace}.svc`)),
        ),
      },
    },
    opts,
  );
  return new k8s.apps.v1.StatefulSet(
    name,
    {
      metadata: { ...metadata, name },
      spec: {
        serviceName: service.metadata.name,
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: brokerPod(args, settings.metadata.name),
        },
      },
    },
    opts,
  );
}

function brokerPod(
  { image, config, volume }: BrokerArgs,
  settings: pulumi.Input<string>,
): k8s.types.input.core.v1.PodSpec {
  const { request, limit } = brokerMemory(config);
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(kafkaUser),
    // Killed without it, the broker reads its whole log again on the next start.
    terminationGracePeriodSeconds: 30,
    containers: [
      {
        name: "broker",
        image,
        args: ["broker"],
        env: [
          // Names the cluster for its clients; it is no secret, and one namespace has one cluster.
          { name: "KAFKA_CLUSTER_ID", value: "bWxzdGFjay1rYWZrYS0wMA" },
          {
            name: "KAFKA_OPTS",
            value: `-Xms${config.memory} -Xmx${config.memory}`,
          },
        ],
        ports: [{ name: "kafka", containerPort: clientPort }],
        readinessProbe: {
          tcpSocket: { port: clientPort },
          periodSeconds: 2,
          failureThreshold: 30,
        },
        resources: {
          requests: { cpu: "100m", memory: `${request}Mi` },
          limits: { memory: `${limit}Mi` },
        },
        securityContext: containerSecurity,
        volumeMounts: [
          { name: "data", mountPath: "/var/lib/kafka" },
          { name: "settings", mountPath: "/etc/kafka" },
        ],
      },
    ],
    volumes: [
      { name: "data", persistentVolumeClaim: { claimName: volume.claim } },
      { name: "settings", configMap: { name: settings } },
    ],
  };
}

/** Settings of a broker that is alone: one copy of everything, its controller on the loopback address. */
export function serverSettings(
  host: string,
): Record<string, string | number | boolean> {
  return {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": "1@127.0.0.1:9093",
    "controller.listener.names": "CONTROLLER",
    listeners: `CLIENT://:${clientPort},CONTROLLER://127.0.0.1:9093`,
    "advertised.listeners": `CLIENT://${host}:${clientPort}`,
    "inter.broker.listener.name": "CLIENT",
    "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": "/var/lib/kafka/log",
    // A misspelt topic is an error of the client, not a new topic.
    "auto.create.topics.enable": false,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
  };
}
