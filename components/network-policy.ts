import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

type Rule = k8s.types.input.networking.v1.NetworkPolicyIngressRule;
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
 * What an admission webhook listens on. The API server calls from outside of the pods' network, at an address that is
 * the cloud's own, so the port is open to everybody; the webhook knows its caller by TLS.
 */
export function webhook(port: number): Rule {
  return { ports: [{ port }] };
}

/**
 * What a policy says that lets into pods what the rules name, and nothing else.
 *
 * @param pods labels of the pods; all of the namespace unless given
 */
export function ingressOnly(
  rules: readonly Rule[],
  pods?: Readonly<Record<string, string>>,
): k8s.types.input.networking.v1.NetworkPolicySpec {
  return {
    podSelector: pods === undefined ? {} : { matchLabels: pods },
    policyTypes: ["Ingress"],
    ingress: [...rules],
  };
}

/**
 * Closes pods to whatever comes from outside of their namespace, with the exceptions that are named.
 *
 * @param component its resource's name
 * @param pods labels of the pods; all of the namespace unless given
 */
export function closeIngress(
  component: string,
  args: {
    readonly namespace: pulumi.Input<string>;
    readonly pods?: Readonly<Record<string, string>>;
    readonly openings: readonly Rule[];
  },
  opts: pulumi.CustomResourceOptions,
): k8s.networking.v1.NetworkPolicy {
  const { namespace, pods, openings } = args;
  return new k8s.networking.v1.NetworkPolicy(
    `${component}-ingress`,
    {
      metadata: { namespace, name: `${component}-ingress` },
      spec: ingressOnly([{ from: [ownPods] }, ...openings], pods),
    },
    opts,
  );
}
