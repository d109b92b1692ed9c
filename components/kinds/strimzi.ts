import * as k8s from "@pulumi/kubernetes";
import type { core, meta } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

/** `spec` of a KafkaNodePool as Strimzi 0.49 reads it. */
export interface KafkaNodePoolSpec {
  readonly replicas: number;
  readonly roles: readonly ("broker" | "controller")[];
  readonly storage: {
    readonly type: "persistent-claim";
    readonly size: string;
    readonly class: pulumi.Input<string>;
    readonly deleteClaim: boolean;
  };
  readonly resources: core.v1.ResourceRequirements;
  readonly jvmOptions: { readonly "-Xms": string; readonly "-Xmx": string };
  readonly template: {
    readonly pod: Pick<
      core.v1.PodSpec,
      "affinity" | "tolerations" | "topologySpreadConstraints"
    >;
  };
}

/** `spec` of a Kafka cluster as Strimzi 0.49 reads it. */
export interface KafkaClusterSpec {
  readonly kafka: {
    readonly version: string;
    readonly listeners: readonly {
      readonly name: string;
      readonly port: number;
      readonly type: "internal";
      readonly tls: boolean;
      readonly networkPolicyPeers?: readonly {
        readonly namespaceSelector: meta.v1.LabelSelector;
      }[];
    }[];
    readonly config: Readonly<Record<string, string | number | boolean>>;
  };
  readonly entityOperator: { readonly topicOperator: object };
}

/** `spec` of a topic as Strimzi 0.49 reads it. */
export interface KafkaTopicSpec {
  readonly topicName: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly config: Readonly<Record<string, string>>;
}

interface Args<Spec> {
  readonly metadata: meta.v1.ObjectMeta;
  readonly spec: Spec;
}

/** Brokers and controllers of one size (`kafka.strimzi.io/v1`). */
export class KafkaNodePool extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: Args<KafkaNodePoolSpec>,
    opts: pulumi.CustomResourceOptions,
  ) {
    super(name, strimzi("KafkaNodePool", args, {}), opts);
  }
}

/** A Kafka cluster of the node pools that name it (`kafka.strimzi.io/v1`). */
export class KafkaCluster extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: Args<KafkaClusterSpec>,
    opts: pulumi.CustomResourceOptions,
  ) {
    super(name, strimzi("Kafka", args, untilReady), opts);
  }
}

/** A topic that the topic operator keeps as declared (`kafka.strimzi.io/v1`). */
export class KafkaTopic extends k8s.apiextensions.CustomResource {
  constructor(
    name: string,
    args: Args<KafkaTopicSpec>,
    opts: pulumi.CustomResourceOptions,
  ) {
    super(name, strimzi("KafkaTopic", args, untilReady), opts);
  }
}

/**
 * Strimzi says in a condition when what was asked for stands; the program waits for it. Node pools have no such condition,
 * and come to be with the cluster that names them.
 *
 * @see https://github.com/strimzi/strimzi-kafka-operator/issues/11046
 */
const untilReady = { "pulumi.com/waitFor": "condition=Ready" };

function strimzi<Spec>(
  kind: string,
  { metadata, spec }: Args<Spec>,
  annotations: Readonly<Record<string, string>>,
) {
  return {
    apiVersion: "kafka.strimzi.io/v1",
    kind,
    metadata: { ...metadata, annotations },
    spec,
  };
}
