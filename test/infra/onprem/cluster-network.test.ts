import assert from "node:assert/strict";

import { schema } from "../../../infra/onprem/config";
import { clusterNetwork } from "../../../infra/onprem/cluster-network";

const target = (endpoint: string) =>
  schema.parse({
    kind: "onprem",
    endpoint,
    ssh: { user: "ops", agent: true },
    hosts: [
      { name: "control", address: "10.0.0.11", role: "control-plane" },
      { name: "worker", address: "10.0.0.21", pool: "cpu" },
    ],
    images: { prefix: "registry.example/mlstack" },
    objects: { kind: "s3", endpoint: "https://10.0.0.9:9000", keys: {} },
  });

describe("network of an on-prem cluster", () => {
  it("opens the API servers behind the service, and closes hosts and the address that moves between them", () => {
    const network = clusterNetwork(target("10.0.0.5:6443"));
    assert.deepEqual(network.apiServer, [
      { cidr: "10.0.0.11/32", ports: [6443] },
    ]);
    for (const address of ["10.0.0.11/32", "10.0.0.21/32", "10.0.0.5/32"])
      assert.ok(network.closed.includes(address), address);
    assert.deepEqual(network.objectStore, [
      { cidr: "10.0.0.9/32", ports: [9000] },
    ]);
    const named = clusterNetwork(target("api.example.com:6443"));
    assert.ok(named.closed.every((range) => /^[\d.]+\/\d+$/.test(range)));
  });
});
