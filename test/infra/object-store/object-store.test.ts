import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

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
          images: { prefix: "registry.example/ml" },
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

  it("runs the program of ours, from the stack's own registry", async () => {
    const recording = await build({ kind: "in-cluster" }, "short");
    const { image, dockerfile, context, prefix } = recording.one(
      "mlstack:index:Image",
      "store-image",
    ).inputs;
    assert.deepEqual(
      { image, context, prefix },
      {
        image: "versitygw",
        context: "infra/supply/toolchain/versitygw",
        prefix: "registry.example/ml",
      },
    );
    assert.match(
      readFileSync(String(dockerfile), "utf8"),
      /COPY go\.mod go\.sum \*\.go /,
    );
    const { inputs } = recording.one("kubernetes:apps/v1:StatefulSet", "store");
    const { initContainers, containers } = (
      inputs["spec"] as {
        template: {
          spec: Record<
            "initContainers" | "containers",
            { image: string; volumeMounts: { mountPath: string }[] }[]
          >;
        };
      }
    ).template.spec;
    // The reference that recordings give to what is built.
    for (const each of [...initContainers, ...containers])
      assert.equal(each.image, "mlstack.local/image:0");
    const hidden = containers.map(({ volumeMounts }) =>
      volumeMounts.some(({ mountPath }) => mountPath === "/data/iam"),
    );
    // The gateway sees no accounts.
    assert.deepEqual(hidden, [false, true]);
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
