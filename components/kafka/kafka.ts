import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { destinationOf } from "../../infra/network/destinations";
import type { Destination, Platform } from "../../infra/platform";
import { restrictedNamespace } from "../guarded-namespace";
import {
  egressOnly,
  isolated,
  toDestination,
  toPlatform,
} from "../network-policy";
import { teamNamespaces } from "../teams/label";
import { broker, clientPort } from "./broker";
import { clientEnvironment } from "./client-settings";
import type { KafkaConfig, KafkaConfigOf, KafkaSecurity } from "./config";
import { strimziCluster, strimziServers } from "./strimzi";
import type { Topic } from "./topic-schema";
import { topicsJob } from "./topics-job";

/** Arguments of {@link Kafka}. */
export interface KafkaArgs {
  readonly platform: Pick<
    Platform,
    | "provider"
    | "pools"
    | "storage"
    | "volume"
    | "clusterNetwork"
    | "kubeconfig"
  >;
  readonly config: KafkaConfig;
  /** Image of `workloads/images/kafka`, of the kind `single`: the broker, and the command that creates topics. */
  readonly image?: pulumi.Input<string>;
  /** Whether a deletion takes the records along, as in short-lived stacks. */
  readonly forceDestroy: boolean;
}

/** Connection settings for pods of one namespace. */
export interface KafkaClient {
  readonly servers: pulumi.Output<string>;
  /** Security settings; credentials come from a secret only. */
  readonly env: readonly k8s.types.input.core.v1.EnvVar[];
  /** Depend on it to start a client. */
  readonly ready: readonly pulumi.Resource[];
}

/** Kafka in a namespace of its own, or by address, with its topics; teams reach it and nobody else. */
export class Kafka extends pulumi.ComponentResource {
  readonly servers: pulumi.Output<string>;
  private readonly security: KafkaSecurity;
  private readonly ready: readonly pulumi.Resource[];
  private readonly destinations: readonly Destination[];
  private readonly child: pulumi.CustomResourceOptions;
  private readonly clients = new Map<string, KafkaClient>();

  constructor(
    private readonly name: string,
    args: KafkaArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:Kafka", name, {}, opts);
    this.child = { parent: this, provider: args.platform.provider };
    const { config } = args;
    this.security =
      config.kind === "external" ? config.security : { protocol: "PLAINTEXT" };
    const inside = [{ namespace: name, ports: [clientPort] }];
    switch (config.kind) {
      case "single": {
        this.destinations = inside;
        const namespace = this.namespace();
        this.servers = pulumi.interpolate`${name}.${namespace}.svc:${clientPort}`;
        this.ready = this.single(args, config, namespace);
        break;
      }
      case "strimzi": {
        this.destinations = inside;
        const namespace = this.namespace();
        this.servers = namespace.apply((its) => strimziServers(name, its));
        this.ready = this.strimzi(args, config, namespace);
        break;
      }
      case "external":
        this.destinations = externalServers(
          config.servers,
          args.platform.clusterNetwork.closed,
        );
        this.servers = pulumi.output(config.servers);
        this.ready = [];
        break;
    }
    this.registerOutputs({ servers: this.servers });
  }

  /** Client settings for pods of a team's namespace; one Secret per team serves all of its workloads. */
  client(namespace: pulumi.Input<string>, team: string): KafkaClient {
    const known = this.clients.get(team);
    if (known !== undefined) return known;
    const client = this.makeClient(namespace, team);
    this.clients.set(team, client);
    return client;
  }

  private namespace(): pulumi.Output<string> {
    const { name, child } = this;
    return restrictedNamespace(name, name, child).metadata.name;
  }

  private makeClient(
    namespace: pulumi.Input<string>,
    team: string,
  ): KafkaClient {
    const values = clientEnvironment(this.security);
    const secret = new k8s.core.v1.Secret(
      `${this.name}-client-${team}`,
      {
        metadata: { namespace, name: "kafka-client" },
        stringData: pulumi.secret(values),
      },
      this.child,
    );
    return {
      servers: this.servers,
      env: Object.keys(values).map((key) => ({
        name: key,
        valueFrom: { secretKeyRef: { name: secret.metadata.name, key } },
      })),
      ready: [...this.ready, secret, this.openWay(namespace, team)],
    };
  }

  /** Lets the pods of a namespace out to the brokers. */
  private openWay(
    namespace: pulumi.Input<string>,
    team: string,
  ): k8s.networking.v1.NetworkPolicy {
    return new k8s.networking.v1.NetworkPolicy(
      `${this.name}-client-${team}`,
      {
        metadata: { namespace, name: "kafka-client" },
        spec: egressOnly(this.destinations.map(toDestination)),
      },
      this.child,
    );
  }

  private single(
    { platform, image = "" }: KafkaArgs,
    config: KafkaConfigOf<"single">,
    namespace: pulumi.Output<string>,
  ): pulumi.Resource[] {
    const volume = platform.volume(
      `${this.name}-data`,
      { namespace, name: `${this.name}-data`, size: config.storage },
      { parent: this },
    );
    const set = broker(
      this.name,
      { namespace, image, config, volume },
      this.child,
    );
    const policy = new k8s.networking.v1.NetworkPolicy(
      `${this.name}-network`,
      {
        metadata: { namespace },
        spec: isolated({
          ingress: [
            {
              from: [{ namespaceSelector: teamNamespaces }],
              ports: [{ port: clientPort }],
            },
          ],
          egress: toPlatform(platform.clusterNetwork),
        }),
      },
      // Its name up to 0.1.
      { ...this.child, aliases: [{ name: `${this.name}-walls` }] },
    );
    return [
      ...this.topics({ image, namespace, replicas: 1, topics: config.topics }, [
        set,
      ]),
      set,
      policy,
    ];
  }

  private strimzi(
    { platform, forceDestroy }: KafkaArgs,
    config: KafkaConfigOf<"strimzi">,
    namespace: pulumi.Output<string>,
  ): pulumi.Resource[] {
    const pool = platform.pools.find(({ name }) => name === config.pool);
    if (pool === undefined) {
      // The configuration has checked it; see checkDemand.
      throw new Error(`there is no pool ${config.pool} in the stack`);
    }
    // Strimzi closes its pods to others by policies of its own.
    new k8s.networking.v1.NetworkPolicy(
      `${this.name}-egress`,
      {
        metadata: { namespace, name: `${this.name}-egress` },
        spec: egressOnly(toPlatform(platform.clusterNetwork)),
      },
      this.child,
    );
    return strimziCluster(
      this.name,
      {
        namespace,
        config,
        pool,
        platform,
        clients: teamNamespaces,
        deleteClaims: forceDestroy,
      },
      this.child,
    );
  }

  private topics(
    args: {
      readonly image: pulumi.Input<string>;
      readonly namespace: pulumi.Input<string>;
      readonly replicas: number;
      readonly topics: readonly Topic[];
    },
    dependsOn: pulumi.Resource[],
  ): pulumi.Resource[] {
    if (args.topics.length === 0) return [];
    const job = { ...args, servers: this.servers };
    return [
      topicsJob(`${this.name}-topics`, job, { ...this.child, dependsOn }),
    ];
  }
}

/** Destinations of external brokers. A team without other egress needs all brokers listed. */
function externalServers(
  servers: string,
  closed: readonly string[],
): readonly Destination[] {
  return servers.split(",").map((server) => {
    const at = server.lastIndexOf(":");
    return destinationOf(
      { host: server.slice(0, at).trim(), port: Number(server.slice(at + 1)) },
      closed,
    );
  });
}
