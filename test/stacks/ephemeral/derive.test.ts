import assert from "node:assert/strict";

import { aks } from "../../../infra/aks";
import { eks } from "../../../infra/eks";
import { gke } from "../../../infra/gke";
import type { NodePool } from "../../../infra/platform";
import { readConfigFile } from "../../../stacks/ephemeral/config-file";

import {
  deriveEphemeral,
  secretKeys,
  withPlaceholders,
} from "../../../stacks/ephemeral/derive";

const life = { expiry: "2030-01-01T00:00:00Z" };

const aws = {
  "pulumi:disable-default-providers": ["kubernetes"],
  "mlstack:target": {
    kind: "eks",
    account: "123456789012",
    region: "eu-central-1",
    network: { nat: "per-zone", cidr: "10.20.0.0/16" },
    logDays: 90,
  },
  "mlstack:lifetime": "long",
  "mlstack:pools": [
    { name: "system", machineType: "m7i.large", min: 3, max: 6 },
    { name: "cpu", machineType: "m7i.4xlarge", min: 2, max: 20, spot: true },
    {
      name: "gpu",
      machineType: "g6.xlarge",
      min: 0,
      max: 8,
      gpu: { count: 1 },
    },
  ],
  "mlstack:buckets": { versioned: true },
  "mlstack:workloads": { clickstream: {} },
};

describe("configuration of a short-lived stack", () => {
  const derived = deriveEphemeral(aws, life);

  it("has few nodes: one pool on demand, the others on spot from zero", () => {
    assert.deepEqual(derived["mlstack:pools"], [
      { name: "system", machineType: "m7i.large", min: 1, max: 2, spot: false },
      { name: "cpu", machineType: "m7i.4xlarge", min: 0, max: 2, spot: true },
      {
        name: "gpu",
        machineType: "g6.xlarge",
        min: 0,
        max: 1,
        spot: true,
        gpu: { count: 1 },
      },
    ]);
  });

  it("lives short, until its expiry, and keeps no old versions", () => {
    assert.equal(derived["mlstack:lifetime"], "short");
    assert.equal(derived["mlstack:expiry"], life.expiry);
    assert.deepEqual(derived["mlstack:buckets"], {
      versioned: false,
      expireNoncurrentDays: 1,
    });
  });

  it("spares what only a long life needs", () => {
    assert.deepEqual(derived["mlstack:target"], {
      kind: "eks",
      account: "123456789012",
      region: "eu-central-1",
      network: { nat: "single", cidr: "10.20.0.0/16" },
      logDays: 7,
    });
  });

  it("keeps the rest, and the source as it was", () => {
    assert.deepEqual(derived["mlstack:workloads"], { clickstream: {} });
    assert.deepEqual(
      derived["pulumi:disable-default-providers"],
      aws["pulumi:disable-default-providers"],
    );
    assert.equal(aws["mlstack:pools"][0]?.max, 6);
  });

  it("is the same when it is derived again", () => {
    assert.deepEqual(deriveEphemeral(derived, life), derived);
  });

  it("has an owner of its own where one is named", () => {
    const { "mlstack:owner": owner } = deriveEphemeral(aws, {
      ...life,
      owner: "ada",
    });
    assert.equal(owner, "ada");
  });

  it("leaves secrets to Pulumi, which alone can read them", () => {
    const config = {
      ...aws,
      "mlstack:token": { secure: "v1:a:b" },
      "mlstack:nested": { list: [{ key: { secure: "v1:c:d" } }] },
      "mlstack:plain": { secure: true, other: 1 },
    };
    assert.deepEqual(secretKeys(config), ["mlstack:token", "mlstack:nested"]);
    assert.ok(!JSON.stringify(deriveEphemeral(config, life)).includes("v1:"));
    assert.deepEqual(withPlaceholders(config["mlstack:nested"]), {
      list: [{ key: "secret" }],
    });
  });

  for (const kind of ["local", "existing", "onprem", undefined]) {
    it(`cannot come from a stack on ${kind ?? "nothing"}`, () => {
      const source = { ...aws, "mlstack:target": { kind } };
      assert.throws(() => deriveEphemeral(source, life));
    });
  }

  const checks = {
    aws: (pools: readonly NodePool[], target: unknown) =>
      eks.checkPools(pools, eks.schema.parse(target)),
    gcp: (pools: readonly NodePool[], target: unknown) =>
      gke.checkPools(pools, gke.schema.parse(target)),
    azure: (pools: readonly NodePool[], target: unknown) =>
      aks.checkPools(pools, aks.schema.parse(target)),
  };
  for (const [stack, check] of Object.entries(checks)) {
    it(`is one that the target takes, from stacks/Pulumi.${stack}.yaml`, () => {
      const config = deriveEphemeral(readConfigFile(stack).config, life);
      const pools = config["mlstack:pools"] as readonly NodePool[];
      assert.ok(pools.length > 0 && pools.every(({ max }) => max <= 2));
      assert.deepEqual(check(pools, config["mlstack:target"]), []);
    });
  }
});
