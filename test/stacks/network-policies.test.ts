import assert from "node:assert/strict";

import type { types } from "@pulumi/kubernetes";

import { lies } from "../../infra/network/destinations";
import type { Recorded } from "../support/recording-monitor";
import { projectStacks, recordStack } from "../support/stack-program";

type Spec = types.output.networking.v1.NetworkPolicySpec;

const specsIn = (resources: readonly Recorded[], namespace: string) =>
  resources
    .filter(
      ({ type, inputs }) =>
        type === "kubernetes:networking.k8s.io/v1:NetworkPolicy" &&
        (inputs["metadata"] as { readonly namespace?: string }).namespace ===
          namespace,
    )
    .map(({ inputs }) => inputs["spec"] as Spec);

const namespacesOf = (resources: readonly Recorded[]) =>
  resources
    .filter(({ type }) => type === "kubernetes:core/v1:Namespace")
    .map(
      ({ inputs }) =>
        (inputs["metadata"] as { readonly name?: string }).name ?? "",
    );

/** The provisioner of volumes on hosts of one's own, which comes before the firewall does. */
const without = ["local-path-storage"];

describe("network policies", () => {
  for (const stack of projectStacks) {
    it(`of ${stack} close every namespace of its own in both directions`, async () => {
      const { resources } = await recordStack(stack);
      const namespaces = namespacesOf(resources).filter(
        (name) => !without.includes(name),
      );
      assert.ok(namespaces.length >= 3, namespaces.join());
      for (const namespace of namespaces) {
        const specs = specsIn(resources, namespace);
        for (const direction of ["Ingress", "Egress"])
          assert.ok(
            specs.some(({ policyTypes }) => policyTypes.includes(direction)),
            `${namespace}: ${direction}`,
          );
      }
    });

    it(`of ${stack} open the address of a cloud's metadata to nobody but who gets an identity there`, async () => {
      const { resources } = await recordStack(stack);
      const blocks = resources
        .filter(
          ({ type }) =>
            type === "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        )
        .flatMap(({ inputs }) => (inputs["spec"] as Spec).egress ?? [])
        .flatMap(({ to = [], ports }) =>
          to.flatMap(({ ipBlock }) => (ipBlock ? [{ ipBlock, ports }] : [])),
        );
      assert.ok(blocks.length > 0);
      const reaching = blocks.filter(
        ({ ipBlock: { cidr, except = [] } }) =>
          lies("169.254.169.254/32", cidr) &&
          !except.some((range) => lies("169.254.169.254/32", range)),
      );
      if (stack === "gcp")
        // GKE's own server of workload identity, which stands in for the metadata's.
        for (const { ipBlock, ports } of reaching)
          assert.deepEqual(
            [ipBlock.cidr, ports],
            ["169.254.169.254/32", [{ port: 80, protocol: "TCP" }]],
          );
      else assert.deepEqual(reaching, []);
    });
  }
});
