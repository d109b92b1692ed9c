import {
  at,
  list,
  openRanges,
  type PolicyResource,
} from "../../infra/policy-facts";
import type { Rule } from "./rule";

/** Annotations by which a load balancer stays inside of its network, with their values. */
const inside: Readonly<Record<string, RegExp>> = {
  "service.beta.kubernetes.io/aws-load-balancer-scheme": /^internal$/,
  "service.beta.kubernetes.io/aws-load-balancer-internal": /^true$/,
  "service.beta.kubernetes.io/azure-load-balancer-internal": /^true$/,
  "networking.gke.io/load-balancer-type": /^Internal$/i,
  "service.beta.kubernetes.io/scw-loadbalancer-private": /^true$/,
};

/** Nothing answers to the internet unasked. */
export const noPublicService: Rule = {
  name: "no-public-service",
  description:
    "A load balancer stays inside of its network, or answers to named ranges only.",
  check: ({ type, props }: PolicyResource) => {
    if (type !== "kubernetes:core/v1:Service") return [];
    if (at(props, "spec", "type") !== "LoadBalancer") return [];
    const annotations = at(props, "metadata", "annotations");
    const stays = Object.entries(inside).some(([key, value]) =>
      value.test(String(at(annotations, key))),
    );
    return stays
      ? []
      : openRanges(
          "spec.loadBalancerSourceRanges",
          list(at(props, "spec", "loadBalancerSourceRanges")),
        );
  },
};
