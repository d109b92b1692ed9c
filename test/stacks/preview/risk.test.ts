import assert from "node:assert/strict";

import { riskOf } from "../../../stacks/preview/risk";
import { step } from "./digest";

describe("risk of a step", () => {
  const lossy = [
    "aws:s3/bucket:Bucket",
    "gcp:storage/bucket:Bucket",
    "azure-native:storage:StorageAccount",
    "azure-native:storage:BlobContainer",
    "mlstack:index:EmbeddedBucket",
    "kubernetes:core/v1:PersistentVolumeClaim",
    "kubernetes:core/v1:Namespace",
    "aws:eks/cluster:Cluster",
    "gcp:container/cluster:Cluster",
    "azure-native:containerservice:ManagedCluster",
    "azure-native:containerservice/v20240101:ManagedCluster",
    "mlstack:index:LocalCluster",
    "aws:kms/key:Key",
    "aws:rds/instance:Instance",
    "azure-native:resources:ResourceGroup",
  ];
  for (const type of lossy) {
    it(`is highest where ${type} goes or is made anew`, () => {
      for (const op of ["delete", "replace"]) {
        assert.equal(riskOf(step(op, type, "x"))?.rank, 0);
      }
      assert.equal(riskOf(step("create", type, "x")), undefined);
      assert.equal(riskOf(step("update", type, "x")), undefined);
    });
  }

  it("is lower where anything else goes or is made anew", () => {
    const type = "aws:ec2/routeTable:RouteTable";
    assert.equal(riskOf(step("replace", type, "x"))?.rank, 2);
    assert.equal(riskOf(step("delete", type, "x"))?.rank, 3);
  });

  it("counts an update after which data can be lost", () => {
    const bucket = "gcp:storage/bucket:Bucket";
    const update = (before: object, after: object) =>
      riskOf(
        step("update", bucket, "x", {
          before: { ...before },
          after: { ...after },
        }),
      )?.rank;
    assert.equal(update({ forceDestroy: false }, { forceDestroy: true }), 1);
    assert.equal(
      update({ versioning: { enabled: true } }, { versioning: {} }),
      1,
    );
    assert.equal(update({ forceDestroy: true }, {}), undefined);
    const state = { type: bucket, inputs: {}, outputs: {} };
    const unprotected = step("same", bucket, "x", undefined, {
      oldState: { ...state, protect: true },
      newState: { ...state, protect: false },
    });
    assert.equal(riskOf(unprotected)?.words, "is no longer protected");
  });
});
