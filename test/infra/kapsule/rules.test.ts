import assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { kapsule } from "../../../infra/kapsule";
import { scalewayQuestions } from "../../../infra/kapsule/audit";
import { bill } from "../../../infra/kapsule/costs";
import { instances, poolName } from "../../../infra/kapsule/rules";
import { project } from "../../../infra/kapsule/stand-in";
import type { NodePool } from "../../../infra/platform";
import { platformOutputs } from "../../../infra/supply/plugins/platform-outputs";
import { record } from "../../support/recording-monitor";

const admins = ["application:00000000-0000-4000-8000-000000000008"];
const base = { kind: "kapsule", project, region: "fr-par", admins };
const pool: NodePool = {
  ...{ name: "cpu", machineType: "POP2-8C-32G", min: 1, max: 3, spot: false },
};
const gpu: NodePool = {
  ...{ name: "gpu", machineType: "L4-1-24G", min: 0, max: 2, spot: false },
  gpu: { count: 1 },
};

const problems = (pools: readonly NodePool[], more: object = {}) =>
  kapsule
    .checkPools(pools, kapsule.schema.parse({ ...base, ...more }))
    .map(({ path, remedy }) => `${path}: ${remedy}`);

describe("Kapsule", () => {
  it("takes the pools of its stack", () => {
    assert.deepEqual(problems([pool, gpu], { gpuZone: "fr-par-2" }), []);
  });

  const refused: readonly (readonly [
    string,
    readonly NodePool[],
    object,
    RegExp,
  ])[] = [
    [
      "spot",
      [pool, { ...gpu, spot: true }],
      { gpuZone: "fr-par-2" },
      /^pools\[1\]\.spot: Scaleway has no interruptible/,
    ],
    [
      "a zone without the GPU",
      [pool, gpu],
      {},
      /^target\.gpuZone: has no L4-1-24G; .* fr-par-2, pl-waw-2$/,
    ],
    [
      "a zone elsewhere",
      [pool],
      { zone: "nl-ams-1" },
      /^target\.zone: not in fr-par; write one of fr-par-1/,
    ],
    [
      "an unknown machine",
      [{ ...pool, machineType: "POP9-2C-8G" }],
      {},
      /^pools\[0\]\.machineType: no machine type known/,
    ],
    ["ARM", [{ ...pool, machineType: "COP-ARM1-4C-16G" }], {}, /ARM processor/],
    [
      "GPUs that it does not have",
      [pool, { ...gpu, gpu: { count: 2 } }],
      { gpuZone: "fr-par-2" },
      /has 1 GPUs, the pool promises 2; .*L4-2-24G/,
    ],
    [
      "ranges that overlap",
      [pool],
      { network: { nodes: "10.51.0.0/22" } },
      /overlaps target\.network/,
    ],
  ];
  for (const [what, pools, more, said] of refused) {
    it(`refuses ${what}`, () => {
      const [first = "", ...others] = problems(pools, more);
      assert.match(first, said);
      assert.deepEqual(others, []);
    });
  }

  it("refuses a stack whose buckets nobody could change", () => {
    assert.throws(
      () => kapsule.schema.parse({ ...base, admins: [] }),
      /name whoever runs/,
    );
    assert.throws(
      () => kapsule.schema.parse({ ...base, admins: ["ada"] }),
      /write user:ID/,
    );
  });

  it("reads sizes from the names of instances", () => {
    assert.deepEqual(instances.size("POP2-HM-4C-32G"), {
      cores: 4,
      bytes: 32 * 2 ** 30,
    });
    assert.deepEqual(instances.size("L40S-2-48G"), {
      cores: 16,
      bytes: 192 * 2 ** 30,
    });
    assert.equal(instances.size("DEV1-S"), undefined);
  });

  it("gives a pool another name with what cannot be changed in place", () => {
    const names = [
      poolName(pool, ["fr-par-1", "100"]),
      poolName({ ...pool, machineType: "POP2-4C-16G" }, ["fr-par-1", "100"]),
      poolName(pool, ["fr-par-2", "100"]),
      poolName(pool, ["fr-par-1", "200"]),
    ];
    assert.equal(new Set(names).size, names.length);
    assert.equal(poolName({ ...pool, max: 9 }, ["fr-par-1", "100"]), names[0]);
  });

  it("names what costs, and has a price of none", () => {
    const resources = [
      {
        type: "scaleway:kubernetes/pool:Pool",
        name: "p",
        inputs: { minSize: 0, maxSize: 2, nodeType: "L4-1-24G" },
      },
      { type: "scaleway:iam/policy:Policy", name: "free", inputs: {} },
    ];
    const { items, unpriced } = bill(resources);
    assert.deepEqual(items, []);
    assert.deepEqual(unpriced, [
      {
        resource: "p",
        what: "0 to 2 of L4-1-24G: prices of Scaleway are unknown here",
      },
    ]);
  });
});

describe("a bucket of Scaleway", () => {
  const provision = () =>
    kapsule.provision({
      ...{ name: "main", pools: [pool], lifetime: "long" },
      tags: { stack: "test", owner: "ml" },
      target: kapsule.schema.parse(base),
    });
  const args = {
    versioned: true,
    expireNoncurrentDays: 30,
    protect: false,
    forceDestroy: false,
  };
  const statements = (policy: unknown) =>
    (
      JSON.parse(String(policy)) as {
        Statement: {
          Sid: string;
          Principal: { SCW: string[] };
          Action: string[];
          Resource: string[];
        }[];
      }
    ).Statement;

  it("has one policy for all that were granted it, in whatever order, and its admins", async () => {
    const recording = await record(
      () => {
        const platform = provision();
        const parent = new pulumi.ComponentResource("test:Above", "above");
        const bucket = platform.bucket("raw", args, { parent });
        for (const [name, access] of [
          ["b", "write"],
          ["a", "read"],
          ["c", "read"],
        ] as const) {
          platform.identity(
            name,
            {
              serviceAccount: { namespace: "ml", name },
              grants: [{ bucket, access }],
            },
            { parent },
          );
        }
      },
      { outputs: platformOutputs, calls: {} },
    );
    const { inputs } = recording.one(
      "scaleway:object/bucketPolicy:BucketPolicy",
    );
    const found = statements(inputs["policy"]);
    assert.deepEqual(
      found.map(({ Sid, Principal }) => [Sid, Principal.SCW.length]),
      [
        ["admins", 1],
        ["read", 2],
        ["write", 1],
      ],
    );
    assert.equal(found[0]?.Principal.SCW[0], admins[0]?.replace(":", "_id:"));
    // Documented: without the bucket itself nothing is listed, without its objects nothing is read.
    for (const { Resource } of found) assert.equal(Resource.length, 2);
    const read = found.find(({ Sid }) => Sid === "read");
    assert.ok(!read?.Action.some((action) => /Put|Delete/.test(action)));
  });

  it("refuses a grant that would come after its policy", async () => {
    let late: Promise<unknown> | undefined;
    await record(
      () => {
        const platform = provision();
        const parent = new pulumi.ComponentResource("test:Above", "above");
        const bucket = platform.bucket("raw", args, { parent });
        // After what the first turn has set up for its own end.
        late = new Promise((resolve) =>
          setImmediate(() => setImmediate(resolve)),
        ).then(() =>
          platform.identity(
            "late",
            {
              serviceAccount: { namespace: "ml", name: "late" },
              grants: [{ bucket, access: "read" }],
            },
            { parent },
          ),
        );
        late.catch(() => undefined);
      },
      { outputs: platformOutputs, calls: {} },
    );
    await assert.rejects(
      async () => late,
      /raw: granted after its policy was made/,
    );
  });
});

describe("audit of Scaleway", () => {
  const questions = scalewayQuestions("pr-1", project);

  it("asks in the project for all but what is the organization's", () => {
    const commands = questions.map(({ args }) => args.join(" "));
    assert.ok(
      commands.every(
        (command) =>
          command.includes("iam") || command.includes(`project-id=${project}`),
      ),
    );
    assert.ok(
      commands.some((command) => command.startsWith("k8s cluster list")),
    );
    assert.ok(commands.some((command) => command.includes("zone=all")));
  });

  it("finds what has the stack's tag or says it in words, and buckets by name", () => {
    const [clusters] = questions;
    const buckets = questions.at(-1);
    const answer = JSON.stringify([
      {
        id: "1",
        name: "x",
        region: "fr-par",
        tags: ["stack=pr-1", "owner=ada"],
      },
      { id: "2", name: "y", tags: ["stack=pr-10"] },
      { id: "3", name: "z", description: "stack=pr-1 owner=ada" },
    ]);
    assert.deepEqual(
      clusters?.read(answer).map(({ id, owner }) => [id, owner]),
      [
        ["1", "ada"],
        ["3", "ada"],
      ],
    );
    assert.deepEqual(
      buckets
        ?.read(
          JSON.stringify(
            [
              "mlstack-pr-1-raw-0a1b2c3d",
              "mlstack-pr-1-2-raw-0a1b2c3d",
              "mine",
            ].map((name) => ({ name })),
          ),
        )
        .map(({ id }) => id),
      ["mlstack-pr-1-raw-0a1b2c3d"],
    );
  });
});
