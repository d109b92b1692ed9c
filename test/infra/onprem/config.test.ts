import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";

import { onprem } from "../../../infra/onprem";
import { withPlaceholders } from "../../../stacks/ephemeral/derive";
import { pool, problemsOf, remedyAt } from "../problems";

const key = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
}).privateKey;

const target = {
  kind: "onprem",
  ssh: { key },
  images: { prefix: "registry.example/ml" },
  hosts: [
    { name: "control", address: "10.0.0.11", role: "control-plane" },
    { name: "one", address: "10.0.0.12", pool: "cpu" },
  ],
};

describe("on-prem configuration", () => {
  it("takes what fits", () => {
    assert.deepEqual(problemsOf(onprem, target, [pool({})]), []);
  });

  it("wants one or three control-plane hosts, and an address before three", () => {
    const controls = (count: number) => ({
      ...target,
      hosts: [
        ...Array.from({ length: count }, (_, index) => ({
          name: `control-${index}`,
          address: `10.0.0.${20 + index}`,
          role: "control-plane",
        })),
        target.hosts[1],
      ],
    });
    for (const count of [0, 2, 4]) {
      assert.match(
        problemsOf(onprem, controls(count), [pool({})]).join(),
        /^target\.hosts: give one or three/,
      );
    }
    assert.match(
      problemsOf(onprem, controls(3), [pool({})]).join(),
      /^target\.endpoint: set the address/,
    );
    const endpoint = "10.0.0.5:6443";
    assert.deepEqual(
      problemsOf(onprem, { ...controls(3), endpoint }, [pool({})]),
      [],
    );
  });

  it("wants a range of pods for each host", () => {
    const hosts = Array.from({ length: 7 }, (_, index) => ({
      name: `w${index}`,
      address: `10.0.0.${20 + index}`,
      ...(index === 0 ? { role: "control-plane" } : { pool: "cpu" }),
    }));
    const told = (pods: string) =>
      problemsOf(onprem, { ...target, hosts, network: { pods } }, [
        pool({ min: 6, max: 6 }),
      ]);
    assert.deepEqual(told("10.244.0.0/21"), []);
    assert.match(
      told("10.244.0.0/22").join(),
      /^target\.network\.pods: holds the pods of 4 nodes, .* up to 7; write a range of \/21 or wider$/,
    );
  });

  it("names every host that does not fit", () => {
    const hosts = [
      ...target.hosts,
      { name: "one", address: "10.0.0.12", pool: "gpu" },
      { name: "two", address: "10.0.0.13" },
    ];
    assert.deepEqual(problemsOf(onprem, { ...target, hosts }, [pool({})]), [
      "target.hosts[2].pool: no such pool; choose one of cpu",
      "target.hosts[2].name: give each host a name of its own",
      "target.hosts[2].address: give each host an address of its own",
      "target.hosts[3].pool: name one of the pools: cpu",
    ]);
  });

  it("wants the hosts that the pools promise, and no spot", () => {
    const wrong = [
      pool({ min: 2 }),
      pool({ name: "gpu", spot: true, gpu: { count: 1 } }),
    ];
    assert.deepEqual(problemsOf(onprem, target, wrong), [
      "pools[0].min: target.hosts has 1 of pool cpu; write 1, or change the hosts",
      "pools[1].spot: hosts of one's own are not taken away; write false",
      "pools[1].min: target.hosts has 0 of pool gpu; add one, or change the hosts",
    ]);
  });

  it("wants exactly one way to log in, and never shows a key that is wrong", () => {
    const keys = (ssh: object) =>
      problemsOf(onprem, { ...target, ssh }, [pool({})]).join();
    assert.match(keys({}), /^target\.ssh\.keyFile: name the private key/);
    assert.match(keys({ agent: true, key }), /^target\.ssh: write one of them/);
    assert.equal(keys({ agent: true }), "");
    assert.equal(keys({ keyFile: "~/.ssh/id_ed25519" }), "");
    const own = target.hosts.map((host) => ({ ...host, key }));
    assert.deepEqual(
      problemsOf(onprem, { ...target, ssh: {}, hosts: own }, [pool({})]),
      [],
    );
    const wrong = onprem.checkPools(
      [pool({})],
      onprem.schema.parse({ ...target, ssh: { key: "not a key" } }),
    );
    assert.equal(wrong.length, 1);
    assert.match(wrong[0]?.remedy ?? "", /no private key/);
    assert.doesNotMatch(JSON.stringify(wrong), /not a key/);
  });

  it("lets an encrypted key pass where a stack's file is read without its passphrase", () => {
    const ssh = withPlaceholders({
      key: { secure: "v1:…" },
      passphrase: { secure: "v1:…" },
    });
    assert.deepEqual(
      onprem.checkPools([pool({})], onprem.schema.parse({ ...target, ssh })),
      [],
    );
    const own = withPlaceholders({ ssh: { key, passphrase: { secure: "x" } } });
    assert.deepEqual(
      onprem.checkPools(
        [pool({})],
        onprem.schema.parse({ ...target, ...(own as object) }),
      ),
      [],
    );
  });

  it("refuses ranges that overlap each other, or have hosts in them", () => {
    const network = { pods: "10.0.0.0/16", services: "10.0.128.0/20" };
    assert.deepEqual(
      problemsOf(onprem, { ...target, network }, [pool({})]).map(
        (line) => line.split(";")[0],
      ),
      [
        "target.network.services: overlaps target.network.pods (10.0.0.0/16)",
        "target.network.pods: target.hosts[0].address (10.0.0.11) lies in it",
        "target.network.pods: target.hosts[1].address (10.0.0.12) lies in it",
      ],
    );
  });

  it("refuses an endpoint for objects that is no URL", () => {
    const objects = { kind: "s3", endpoint: "minio:9000", keys: {} };
    assert.notEqual(
      remedyAt(onprem, { ...target, objects }, "objects.endpoint"),
      "",
    );
  });
});
