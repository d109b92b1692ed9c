import assert from "node:assert/strict";
import { resolve } from "node:path";

import { local } from "../../../infra/local";
import { clusterSchema } from "../../../infra/local/inputs";
import type { Lifetime } from "../../../infra/target";
import { platformOutputs } from "../../../infra/supply/plugins/platform-outputs";
import { record, type Recorded } from "../../support/recording-monitor";
import { pool } from "../problems";

const root = resolve(__dirname, "../../..");

/** The cluster's resource, as the program of a user with a home registers it. */
async function cluster(
  home: string,
  lifetime: Lifetime = "short",
): Promise<Recorded> {
  const { HOME, XDG_CACHE_HOME } = process.env;
  process.env.HOME = home;
  delete process.env.XDG_CACHE_HOME;
  try {
    const recording = await record(
      () =>
        local.provision({
          name: "local",
          target: local.schema.parse({ kind: "local" }),
          pools: [pool({})],
          tags: { stack: "local", owner: "ann" },
          lifetime,
        }),
      { outputs: platformOutputs },
    );
    return recording.one("mlstack:index:LocalCluster");
  } finally {
    process.env.HOME = HOME;
    if (XDG_CACHE_HOME !== undefined)
      process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  }
}

describe("cluster of a local stack", () => {
  it("is the same for every checkout and every user, but for where its images lie", async () => {
    const ann = (await cluster("/home/ann")).inputs;
    const bob = (await cluster("/home/bob")).inputs;
    const differing = Object.keys(ann).filter(
      (key) => JSON.stringify(ann[key]) !== JSON.stringify(bob[key]),
    );
    assert.deepEqual(differing, ["registryStorage"]);
    assert.ok(clusterSchema.safeParse(ann).success);
    assert.doesNotMatch(JSON.stringify(ann), new RegExp(root));
  });

  it("is protected in a long-lived stack: what is in it would go with it", async () => {
    assert.equal((await cluster("/home/ann", "long")).protect, true);
    assert.equal((await cluster("/home/ann", "short")).protect, false);
  });
});
