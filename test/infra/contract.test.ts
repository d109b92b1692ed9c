import assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { pluginOf, targetKinds } from "../../infra";
import { gpuResource, poolLabel } from "../../infra/pools/placement";
import type { Bucket, Identity, Platform } from "../../infra/platform";
import type { Lifetime } from "../../infra/target";
import { cloudCalls } from "../../infra/supply/plugins/clouds/outputs";
import { platformOutputs } from "../../infra/supply/plugins/platform-outputs";
import { record, type Recording, valueOf } from "../support/recording-monitor";
import { type Fixture, fixtures } from "./fixtures";

/** Providers of the targets, by the first part of their types. */
const clouds = targetKinds.flatMap((kind) => pluginOf(kind)?.name ?? []);

interface Made {
  readonly platform: Platform;
  readonly raw: Bucket;
  readonly features: Bucket;
  readonly other: Bucket;
  readonly identity: Identity;
}

function program(
  fixture: Fixture,
  lifetime: Lifetime,
  apiAllow?: readonly string[],
): Promise<Recording<Made>> {
  const short = lifetime === "short";
  const bucketArgs = {
    versioned: true,
    expireNoncurrentDays: 30,
    protect: !short,
    forceDestroy: short,
  };
  return record(
    () => {
      const platform = fixture.provision(
        "main",
        {
          pools: fixture.pools,
          tags: { stack: "test", owner: "team-ml" },
          lifetime,
        },
        apiAllow,
      );
      const parent = new pulumi.ComponentResource("test:Above", "above");
      const bucket = (name: string) =>
        platform.bucket(name, bucketArgs, { parent });
      const [raw, features, other] = [
        bucket("raw"),
        bucket("feature-store"),
        bucket("other"),
      ];
      const identity = platform.identity(
        "tenant",
        {
          serviceAccount: { namespace: "team-a", name: "spark" },
          grants: [
            { bucket: raw, access: "read" },
            { bucket: features, access: "write" },
          ],
        },
        { parent },
      );
      return { platform, raw, features, other, identity };
    },
    { outputs: platformOutputs, calls: cloudCalls() },
  );
}

for (const [kind, fixture] of Object.entries<Fixture>(fixtures)) {
  describe(`contract: ${kind}`, () => {
    let recording: Recording<Made>;
    before(async () => {
      recording = await program(fixture, "long");
    });

    it("places every pool that it was given, within its bounds", () => {
      const { platform } = recording.result;
      assert.deepEqual(
        platform.pools.map(({ name }) => name),
        fixture.pools.map(({ name }) => name),
      );
      for (const pool of platform.pools) {
        const nodes = fixture.nodes(recording, pool);
        assert.deepEqual([nodes.min, nodes.max], [pool.min, pool.max]);
        for (const [key, value] of Object.entries(
          pool.placement.nodeSelector,
        )) {
          assert.equal(nodes.labels[key], value, `${pool.name}: ${key}`);
        }
        assert.equal(pool.placement.nodeSelector[poolLabel], pool.name);
      }
    });

    it("tolerates exactly the taints that the nodes have", () => {
      for (const pool of recording.result.platform.pools) {
        const tolerated = pool.placement.tolerations.map(
          ({ key, value, effect }) => ({ key, value, effect }),
        );
        const { taints } = fixture.nodes(recording, pool);
        assert.deepEqual(tolerated, taints, pool.name);
      }
    });

    it("names taint, toleration and resource of a GPU alike", () => {
      for (const pool of recording.result.platform.pools) {
        const keys = pool.placement.tolerations.map(({ key }) => key);
        assert.equal(pool.gpuResource, pool.gpu && gpuResource);
        assert.equal(keys.includes(gpuResource), pool.gpu !== undefined);
      }
    });

    it("addresses buckets in its scheme", async () => {
      const { raw, features } = recording.result;
      const uris = await Promise.all(
        [raw, features].map(({ uri }) => valueOf(uri)),
      );
      for (const uri of uris) assert.match(uri, fixture.uri);
      assert.equal(new Set(uris).size, 2);
      assert.equal(raw.name, "raw");
    });

    it("says that writes are given up where its client can do that, which is S3A alone", async () => {
      const { platform, raw } = recording.result;
      const uri = await valueOf(raw.uri);
      assert.equal(platform.abortableWrites, uri.startsWith("s3a://"));
    });

    it("grants exactly what was asked for, to exactly who asked", async () => {
      const { raw, features } = recording.result;
      const physical = async ({ uri }: Bucket) =>
        fixture.uri.exec(await valueOf(uri))?.[1] ?? "";
      assert.deepEqual(
        [...fixture.rights(recording)].sort((a, b) =>
          a.access.localeCompare(b.access),
        ),
        [
          { bucket: await physical(raw), access: "read" },
          { bucket: await physical(features), access: "write" },
        ],
      );
      assert.deepEqual(fixture.subjects(recording), [
        "system:serviceaccount:team-a:spark",
      ]);
    });

    it("refuses a grant on a bucket that is not its own", () => {
      const { platform, raw } = recording.result;
      const foreign: Bucket = {
        name: "elsewhere",
        resource: raw.resource,
        uri: raw.uri,
      };
      const ask = () =>
        platform.identity(
          "stranger",
          {
            serviceAccount: { namespace: "team-a", name: "spark" },
            grants: [{ bucket: foreign, access: "read" }],
          },
          {},
        );
      assert.throws(ask, /grants\[0\]\.bucket: "elsewhere": not a bucket/);
    });

    it("keeps the kubeconfig secret", async () => {
      const { kubeconfig } = recording.result.platform;
      assert.ok(await pulumi.isSecret(kubeconfig));
      assert.doesNotMatch(await valueOf(kubeconfig), /devicecode/);
    });

    it("parents everything", () => {
      const stack = recording.one("pulumi:pulumi:Stack").urn;
      const roots = recording.resources
        .filter(
          ({ parent, urn }) => parent === stack || (!parent && urn !== stack),
        )
        .map(({ name }) => name);
      assert.deepEqual([...roots].sort(), ["above", "main"]);
    });

    it("registers nothing with a default provider", () => {
      const strays = recording.custom.filter(
        ({ type, provider }) =>
          !type.startsWith("pulumi:") &&
          !type.startsWith("mlstack:") &&
          !/::main-[a-z]+::/.test(provider),
      );
      assert.deepEqual(
        strays.map(({ urn }) => urn),
        [],
      );
    });

    it("tags everything that can be", () => {
      const untagged = recording.custom.filter(
        (resource) =>
          clouds.includes(resource.type.split(":")[0] ?? "") &&
          !fixture.tagged(resource, recording),
      );
      assert.deepEqual(
        untagged.map(({ urn }) => urn),
        [],
      );
    });

    it("protects data in long-lived stacks only", async () => {
      const held = (made: Recording<Made>) =>
        made.custom.filter(({ protect }) => protect).map(({ urn }) => urn);
      const { raw } = recording.result;
      assert.ok(held(recording).includes(await valueOf(raw.resource.urn)));
      assert.deepEqual(held(await program(fixture, "short")), []);
    });

    if (fixture.openTo) {
      it("opens the API to the ranges named, and to none when none is", async () => {
        assert.equal(fixture.openTo?.(recording), undefined);
        const ranges = ["203.0.113.0/24"];
        const open = await program(fixture, "long", ranges);
        assert.deepEqual(fixture.openTo?.(open), ranges);
      });
    }

    it("takes few resources", () => {
      assert.ok(recording.resources.length < 150);
    });
  });
}
