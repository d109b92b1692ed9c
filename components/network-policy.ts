import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { outside } from "../infra/network/destinations";
import type { ClusterNetwork, Destination } from "../infra/platform";

type Rule = k8s.types.input.networking.v1.NetworkPolicyIngressRule;
type EgressRule = k8s.types.input.networking.v1.NetworkPolicyEgressRule;
type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;

/** Every pod of the policy's own namespace. */
export const ownPods: Peer = { podSelector: {} };

/** Every pod of a namespace. */
export function podsOf(namespace: string): Peer {
  return {
    namespaceSelector: {
      matchLabels: { "kubernetes.io/metadata.name": namespace },
    },
  };
}

/**
 * Ingress to an admission webhook. The API server calls from outside the pod network, at an address that the cloud
 * chooses, so the port is open to all sources; the webhook authenticates its caller by TLS.
 */
export function webhook(port: number): Rule {
  return { ports: [{ port }] };
}

/** Every pod of the cluster. */
export const allPods: Peer = { namespaceSelector: {} };

/** The cluster's name servers, and the cache that some clusters have of them on each node. */
const nameServers: EgressRule = {
  to: [podsOf("kube-system"), { ipBlock: { cidr: "169.254.20.10/32" } }],
  ports: [
    { port: 53, protocol: "UDP" },
    { port: 53, protocol: "TCP" },
  ],
};

/** Egress rule to a destination. */
export function toDestination(destination: Destination): EgressRule {
  return {
    to: [
      "namespace" in destination
        ? podsOf(destination.namespace)
        : {
            ipBlock: {
              cidr: destination.cidr,
              except: destination.except && [...destination.except],
            },
          },
    ],
    ports: destination.ports?.map((port) => ({ port, protocol: "TCP" })),
  };
}

/** Egress rule to every address outside of the cluster. */
export function toOutside({ closed }: ClusterNetwork): EgressRule {
  return toDestination(outside(closed));
}

/** Egress rules to the own namespace, the name servers and the API server. */
export function toPlatform({ apiServer }: ClusterNetwork): EgressRule[] {
  return [nameServers, { to: [ownPods] }, ...apiServer.map(toDestination)];
}

/** The same, and the way to the object store and to where pods get the credentials for it. */
export function toData(network: ClusterNetwork): EgressRule[] {
  const { objectStore, identity } = network;
  return [
    ...toPlatform(network),
    ...[...objectStore, ...identity].map(toDestination),
  ];
}

type Labels = Readonly<Record<string, string>>;
type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;

/**
 * Spec of a policy that allows the given ingress and denies all other.
 *
 * @param pods labels of the pods; all of the namespace unless given
 */
export function ingressOnly(rules: readonly Rule[], pods?: Labels): Spec {
  return {
    podSelector: selector(pods),
    policyTypes: ["Ingress"],
    ingress: [...rules],
  };
}

/** Spec of a policy that allows the given egress and denies all other. @see ingressOnly */
export function egressOnly(rules: readonly EgressRule[], pods?: Labels): Spec {
  return {
    podSelector: selector(pods),
    policyTypes: ["Egress"],
    egress: [...rules],
  };
}

/** Rules of a policy that closes pods in both directions. */
export interface Openings {
  /** Beside the pods of their own namespace. */
  readonly ingress: readonly Rule[];
  readonly egress: readonly EgressRule[];
}

/** Spec of a policy that denies both directions with the given exceptions. @see ingressOnly */
export function isolated({ ingress, egress }: Openings, pods?: Labels): Spec {
  return {
    podSelector: selector(pods),
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ from: [ownPods] }, ...ingress],
    egress: [...egress],
  };
}

function selector(pods: Labels | undefined) {
  return pods === undefined ? {} : { matchLabels: pods };
}

/**
 * Denies traffic between the pods and everything outside of their namespace, with the exceptions that are named.
 *
 * @param component its resource's name
 */
export function isolate(
  component: string,
  args: Openings & {
    readonly namespace: pulumi.Input<string>;
    /** Labels of the pods; all of the namespace unless given. */
    readonly pods?: Labels;
  },
  opts: pulumi.CustomResourceOptions,
): k8s.networking.v1.NetworkPolicy {
  const { namespace, pods, ...openings } = args;
  // The name from the time when the policy restricted ingress only: another name would open the pods during the
  // replacement.
  const name = `${component}-ingress`;
  return new k8s.networking.v1.NetworkPolicy(
    name,
    { metadata: { namespace, name }, spec: isolated(openings, pods) },
    opts,
  );
}
