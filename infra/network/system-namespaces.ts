import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { ClusterNetwork, Destination } from "../platform";

type Peer = types.input.networking.v1.NetworkPolicyPeer;
type Spec = types.input.networking.v1.NetworkPolicySpec;
type EgressRule = types.input.networking.v1.NetworkPolicyEgressRule;

/** Arguments of the policies. */
export interface SystemNamespacesArgs {
  readonly apiServer: ClusterNetwork["apiServer"];
  /** Addresses of the nodes, and of the control plane where that is none of them. */
  readonly nodes: readonly string[];
  /** Namespace of the provisioner of local volumes, where the program brings it. */
  readonly provisioner?: pulumi.Input<string>;
}

/**
 * Closes the namespaces of Kubernetes itself and of the provisioner of local volumes, in both directions, where the
 * program made the cluster. Pods on a node's own network, as most of kube-system's are, have no policies.
 */
export class SystemNamespaces extends pulumi.ComponentResource {
  constructor(
    prefix: string,
    args: SystemNamespacesArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:SystemNamespaces", prefix, {}, opts);
    const child = { parent: this, provider: opts.provider };
    const name = "system";
    new NetworkPolicy(
      `${prefix}-kubernetes`,
      { metadata: { name, namespace: "kube-system" }, spec: kubernetes(args) },
      child,
    );
    if (args.provisioner !== undefined)
      new NetworkPolicy(
        `${prefix}-provisioner`,
        {
          metadata: { name, namespace: args.provisioner },
          spec: {
            ...everyPod,
            ingress: [],
            egress: args.apiServer.map(toApiServer),
          },
        },
        child,
      );
    this.registerOutputs();
  }
}

const everyPod = {
  podSelector: {},
  policyTypes: ["Ingress", "Egress"],
};

const ownPods: Peer = { podSelector: {} };

/** Namespace whose Prometheus may read what the name servers measure. */
const observability: Peer = {
  namespaceSelector: {
    matchLabels: { "kubernetes.io/metadata.name": "observability" },
  },
};

const nameService = [
  { port: 53, protocol: "UDP" },
  { port: 53, protocol: "TCP" },
];

const ownMetricsPort = 9153;
const kubeletPort = 10250;

function kubernetes({ apiServer, nodes }: SystemNamespacesArgs): Spec {
  const machines = nodes.map((cidr) => ({ ipBlock: { cidr } }));
  return {
    ...everyPod,
    ingress: [
      { from: [ownPods] },
      { ports: nameService },
      { from: [observability], ports: [{ port: ownMetricsPort }] },
      // The API server calls what others have added to it, such as a metrics server.
      { from: machines },
    ],
    egress: [
      { to: [ownPods] },
      // Name servers of the network that the hosts are in, one of which may be a host.
      { ports: nameService },
      ...apiServer.map(toApiServer),
      { to: machines, ports: [{ port: kubeletPort, protocol: "TCP" }] },
    ],
  };
}

function toApiServer(destination: Destination): EgressRule {
  if ("namespace" in destination)
    throw new RangeError("an API server is no pod");
  return {
    to: [{ ipBlock: { cidr: destination.cidr } }],
    ports: destination.ports?.map((port) => ({ port, protocol: "TCP" })),
  };
}
