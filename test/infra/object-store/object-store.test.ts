import assert from "node:assert/strict";

import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import { objectsSchema } from "../../../infra/object-store/config";
import { makeObjectStore } from "../../../infra/object-store/make-object-store";
import type { Lifetime } from "../../../infra/target";
import { platformOutputs } from "../../../infra/supply/plugins/platform-outputs";
import { record, valueOf } from "../../support/recording-monitor";

const bucketArgs = {
  versioned: true,
  expireNoncurrentDays: 7,
  protect: false,
  forceDestroy: true,
};

/** A store with a bucket and a writer of it. */
function build(objects: object, lifetime: Lifetime) {
  return record(
    () => {
      const provider = new Provider("cluster", { kubeconfig: "{}" });
      const parent = new pulumi.ComponentResource("test:Parent", "parent");
      const store = makeObjectStore(
        "store",
        objectsSchema("20Gi").parse(objects),
        {
          kubeconfig: pulumi.secret("{}"),
          provider,
          storage: { block: "fast", expandable: true },
          lifetime,
        },
        { parent },
      );
      const bucket = store.bucket("raw", bucketArgs, { parent });
      const identity = store.identity(
        "ml-job",
        {
          serviceAccount: { namespace: "ml", name: "job" },
          grants: [{ bucket, access: "write" }],
        },
        { parent },
      );
      return pulumi.output({
        uri: bucket.uri,
        hadoopConf: identity.hadoopConf,
        env: [...identity.env],
      });
    },
    { outputs: platformOutputs },
  );
}

describe("makeObjectStore", () => {
  it("protects the volume of a long-lived stack, not that of a short one", async () => {
    for (const lifetime of ["long", "short"] as const) {
      const recording = await build({ kind: "in-cluster" }, lifetime);
      const claim = recording.one(
        "kubernetes:core/v1:PersistentVolumeClaim",
        "store-data",
      );
      assert.equal(claim.protect, lifetime === "long");
    }
  });

  it("gives pods of both kinds of store the same settings", async () => {
    const embedded = await build({ kind: "in-cluster" }, "short");
    const external = await build(
      {
        kind: "s3",
        endpoint: "https://s3.example.com",
        bucketPrefix: "team-",
        keys: { ml: { accessKeyId: "id", secretAccessKey: "secret" } },
      },
      "short",
    );
    const of = async (recording: typeof embedded) => {
      const { uri, hadoopConf, env } = (await valueOf(
        recording.result as unknown as pulumi.Output<unknown>,
      )) as {
        uri: string;
        hadoopConf: Record<string, string>;
        env: { name: string; value?: string }[];
      };
      return { uri, hadoopConf, env };
    };
    const [inside, outside] = [await of(embedded), await of(external)];
    assert.deepEqual(
      Object.keys(inside.hadoopConf),
      Object.keys(outside.hadoopConf),
    );
    assert.deepEqual(
      inside.env.map(({ name }) => name),
      outside.env.map(({ name }) => name),
    );
    assert.equal(
      inside.hadoopConf["fs.s3a.endpoint"],
      "http://versitygw.versitygw.svc:7070",
    );
    assert.equal(
      outside.hadoopConf["fs.s3a.endpoint"],
      "https://s3.example.com",
    );
    assert.equal(inside.uri, "s3a://raw");
    assert.equal(outside.uri, "s3a://team-raw");
  });
});
