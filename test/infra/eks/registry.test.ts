import assert from "node:assert/strict";

import { Image } from "../../../infra/image";
import { EcrRegistry } from "../../../infra/eks/registry";
import { record } from "../../support/recording-monitor";

describe("registry of EKS", () => {
  it("has a repository for each image that is pushed, before it is", async () => {
    const recording = await record(() => {
      const registry = new EcrRegistry(
        "images",
        {
          account: "123456789012",
          region: "eu-central-1",
          path: "mlstack-aws",
          forceDelete: false,
        },
        {},
      );
      for (const [name, image] of [
        ["one", "notebook"],
        ["two", "notebook"],
        ["three", "spark"],
      ] as const) {
        const context = "workloads/images/notebook";
        const dockerfile = `${context}/Dockerfile`;
        new Image(name, { image, context, dockerfile, registry });
      }
    });
    assert.deepEqual(
      recording
        .ofType("aws:ecr/repository:Repository")
        .map(({ inputs }) => inputs["name"]),
      ["mlstack-aws/notebook", "mlstack-aws/spark"],
    );
    const image = recording.one("mlstack:index:Image", "two");
    assert.ok(
      image.dependencies.some((urn) => urn.endsWith("::images-notebook")),
    );
    assert.equal(
      image.inputs["prefix"],
      "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mlstack-aws",
    );
  });
});
