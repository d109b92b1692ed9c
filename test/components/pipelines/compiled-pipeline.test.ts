import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import {
  contentHash,
  deployPipeline,
  readPipeline,
} from "../../../components/pipelines/compiled-pipeline";

const compiled = readPipeline(
  readFileSync("workloads/clickstream/pipelines/clickstream.yaml", "utf8"),
);
const deployment = {
  image: "registry/pipeline:1",
  defaults: { threshold: 0.7 },
};

describe("compiled pipeline", () => {
  it("is deployed with a stack's image in every step and its defaults", () => {
    const deployed = deployPipeline(compiled, deployment);
    const images = Object.values(deployed.deploymentSpec.executors).map(
      ({ container }) => container.image,
    );
    assert.equal(images.length, 7);
    assert.deepEqual([...new Set(images)], ["registry/pipeline:1"]);
    const { threshold, instant } =
      deployed.root.inputDefinitions?.parameters ?? {};
    assert.equal(threshold?.defaultValue, 0.7);
    assert.equal(threshold?.isOptional, true);
    assert.equal(instant?.defaultValue, "");
  });

  it("leaves everything else as it was compiled", () => {
    const { root, deploymentSpec, ...rest } = deployPipeline(
      compiled,
      deployment,
    );
    assert.deepEqual(
      { ...compiled, root, deploymentSpec },
      {
        ...rest,
        root,
        deploymentSpec,
      },
    );
    assert.deepEqual(root["dag"], compiled.root["dag"]);
  });

  it("refuses a default for a parameter that it lacks", () =>
    assert.throws(
      () =>
        deployPipeline(compiled, { ...deployment, defaults: { treshold: 1 } }),
      /pipeline clickstream: no parameter treshold; it has .*threshold/,
    ));

  it("has a name for its content, whatever the order of the keys", () => {
    const hash = contentHash(deployPipeline(compiled, deployment));
    const reversed = Object.fromEntries(
      Object.entries(deployPipeline(compiled, deployment)).reverse(),
    );
    assert.match(hash, /^[0-9a-f]{12}$/);
    assert.equal(contentHash(reversed), hash);
    for (const other of [
      { ...deployment, image: "registry/pipeline:2" },
      { ...deployment, defaults: { threshold: 0.71 } },
    ]) {
      assert.notEqual(contentHash(deployPipeline(compiled, other)), hash);
    }
  });
});
