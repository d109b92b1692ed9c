import assert from "node:assert/strict";

import fc from "fast-check";

import { clusterSchema } from "../../../infra/local/inputs";
import { Layout, placeNodes } from "../../../infra/local/layout";

const inputsOf = (counts: Readonly<Record<string, number>>) =>
  clusterSchema.parse({
    name: "test",
    registryStorage: "/registry",
    versions: {
      kubernetes: "1.35.4",
      etcd: "3.6.6",
      containerd: "2.2.9",
      registry: "3.0.0",
    },
    pools: Object.entries(counts).map(([name, count]) => ({
      name,
      count,
      gpus: name === "gpu" ? 1 : 0,
    })),
  });

describe("layout of a local cluster", () => {
  const inputs = inputsOf({ cpu: 1, gpu: 1 });
  const layout = new Layout(inputs);
  const [first, second] = placeNodes(inputs, []);

  it("gives the machines addresses of one range", () => {
    assert.ok(first && second);
    assert.equal(layout.gateway, "10.89.0.1");
    assert.equal(layout.addressOf(first), "10.89.0.2");
    assert.equal(layout.addressOf(second), "10.89.0.3");
    assert.equal(layout.host, "10.89.0.254");
    assert.equal(layout.registry, "10.89.0.1:5000");
    assert.equal(layout.dns, "10.96.0.10");
  });

  it("gives each node's pods a range of their own", () => {
    assert.ok(first && second);
    assert.equal(layout.podRange(first), "10.244.0.0/24");
    assert.equal(layout.podRange(second), "10.244.1.0/24");
  });

  it("names a link as short as the kernel wants, another for each cluster", () => {
    const other = new Layout({ ...inputs, name: "x".repeat(32) });
    assert.ok(other.hostLink.length <= 15);
    assert.notEqual(other.hostLink, layout.hostLink);
  });
});

describe("stored name and folder of a cluster", () => {
  const place = inputsOf({ cpu: 1 });

  for (const [key, value] of [
    ["name", "../../etc"],
    ["name", ".."],
    ["name", ""],
    ["dataDir", "/var/lib/../../etc"],
    ["dataDir", "/"],
    ["dataDir", "relative"],
  ] as const) {
    it(`are refused where ${key} is ${JSON.stringify(value)}`, () =>
      assert.throws(
        () => new Layout({ ...place, [key]: value }),
        new RegExp(`^Error: target\\.${key}: "`),
      ));
  }
});

describe("places of nodes", () => {
  const counts = fc.record({
    cpu: fc.integer({ min: 1, max: 8 }),
    gpu: fc.integer({ min: 1, max: 8 }),
  });

  it("are kept while a node exists, and never shared", () =>
    fc.assert(
      fc.property(counts, counts, (before, after) => {
        const old = placeNodes(inputsOf(before), []);
        const next = placeNodes(inputsOf(after), old);
        assert.equal(next.length, after.cpu + after.gpu);
        assert.equal(new Set(next.map(({ index }) => index)).size, next.length);
        for (const node of old) {
          const same = next.find(({ name }) => name === node.name);
          if (same) assert.equal(same.index, node.index);
        }
      }),
    ));

  it("are new for a node that has become another", () => {
    const inputs = inputsOf({ gpu: 1 });
    const old = placeNodes(inputs, []);
    const pools = [{ name: "gpu", count: 1, gpus: 2 }];
    const [changed] = placeNodes({ ...inputs, pools }, old);
    assert.ok(changed);
    assert.equal(changed.gpus, 2);
    assert.ok(!old.includes(changed));
  });
});
