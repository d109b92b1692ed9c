import assert from "node:assert/strict";

import fc from "fast-check";

import { gke } from "../../../infra/gke";
import {
  accelerator,
  accountId,
  bucketName,
  computeEngine,
  gcpLabels,
  nodePoolName,
  regionsWithThreeZones,
  zonesOf,
} from "../../../infra/gke/rules";
import { project } from "../../../infra/gke/stand-in";
import { pool, problemsOf, remedyAt } from "../problems";

const target = { kind: "gke", project, region: "europe-west4" };
const cpu = pool({ machineType: "n2-standard-4" });

describe("GKE rules", () => {
  it("know three zones of each region", () => {
    for (const region of regionsWithThreeZones) {
      assert.equal(new Set(zonesOf(region)).size, 3);
    }
    assert.deepEqual(zonesOf("europe-west1"), [
      "europe-west1-b",
      "europe-west1-c",
      "europe-west1-d",
    ]);
    assert.match(
      remedyAt(gke, { ...target, region: "europe-west" }, "region"),
      /three zones/,
    );
  });

  it("know the GPUs of a type", () => {
    assert.equal(computeEngine.machine("g2-standard-24")?.gpus, 2);
    assert.equal(computeEngine.machine("n2-standard-4")?.gpus, 0);
    for (const wrong of ["g2-standard-5", "standard", "m7i.xlarge", ""]) {
      assert.equal(computeEngine.machine(wrong), undefined, wrong);
    }
  });

  it("attach accelerators to N1 machines, in the numbers that there are", () => {
    const n1 = (count: number, type?: string) =>
      pool({ name: "gpu", machineType: "n1-standard-8", gpu: { count, type } });
    assert.deepEqual(
      problemsOf(gke, target, [cpu, n1(2, "nvidia-tesla-t4")]),
      [],
    );
    assert.match(
      problemsOf(gke, target, [cpu, n1(3, "nvidia-tesla-t4")]).join(),
      /takes 1 or 2 or 4 of nvidia-tesla-t4/,
    );
    assert.match(
      problemsOf(gke, target, [cpu, n1(1)]).join(),
      /^pools\[1\]\.machineType: takes .* as gpu\.count and gpu\.type/,
    );
    assert.deepEqual(
      accelerator(pool({ machineType: "a2-ultragpu-1g", gpu: { count: 1 } })),
      { type: "nvidia-a100-80gb", count: 1 },
    );
  });

  it("want a range of pods for each node that the pools may have", () => {
    const network = { pods: "10.64.0.0/20" };
    const told = (max: number) =>
      problemsOf(gke, { ...target, network }, [{ ...cpu, max }]).join();
    assert.equal(told(16), "");
    assert.match(
      told(17),
      /^target\.network\.pods: holds the pods of 16 nodes/,
    );
  });

  it("refuse zones of another region", () => {
    const gpuZones = ["europe-west4-b", "us-east1-b"];
    assert.match(
      problemsOf(gke, { ...target, gpuZones }, [cpu]).join(),
      /^target\.gpuZones\[1\]: not in europe-west4/,
    );
  });

  it("refuse ranges that overlap", () => {
    const network = { pods: "10.30.0.0/16" };
    assert.match(
      problemsOf(gke, { ...target, network }, [cpu]).join(),
      /^target\.network\.pods: overlaps target\.network\.nodes/,
    );
  });

  // https://cloud.google.com/storage/docs/buckets#naming
  it("name buckets so that Cloud Storage takes them", () => {
    const names = fc.oneof(fc.string(), fc.constantFrom("google", "my-g00gle"));
    fc.assert(
      fc.property(names, (name) => {
        const bucket = bucketName(`mlstack-${name}`, ["project"]);
        assert.match(bucket, /^[a-z][a-z0-9-]{1,61}[a-z0-9]$/);
        assert.doesNotMatch(bucket, /^goog|g[o0]{2}gle/);
      }),
    );
  });

  // https://cloud.google.com/iam/docs/service-accounts-create
  it("name service accounts so that IAM takes them", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, platform) =>
        assert.match(
          accountId(name, platform),
          /^[a-z](?=.{5,29}$)[a-z0-9-]*[a-z0-9]$/,
        ),
      ),
    );
  });

  it("keep service accounts of two stacks apart", () => {
    assert.notEqual(accountId("team", "one"), accountId("team", "two"));
  });

  // https://cloud.google.com/resource-manager/docs/labels-overview
  it("write labels in the letters that there are", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (stack, owner) => {
        for (const label of Object.values(gcpLabels({ stack, owner }))) {
          assert.match(label, /^[a-z0-9_-]{0,63}$/);
        }
      }),
    );
    const tags = { stack: "s", owner: "o", expiry: "2026-11-24T07:30:00Z" };
    assert.equal(gcpLabels(tags)["expiry"], "2026-11-24t07-30-00z");
  });

  // https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters.nodePools
  it("name node pools within 40 letters, anew where a pool is replaced", () => {
    fc.assert(
      fc.property(fc.string(), (name) =>
        assert.match(
          nodePoolName(pool({ name })),
          /^[a-z](?=.{0,39}$)([a-z0-9-]*[a-z0-9])?$/,
        ),
      ),
    );
    assert.equal(nodePoolName(cpu), nodePoolName({ ...cpu, max: 9 }));
    assert.notEqual(nodePoolName(cpu), nodePoolName({ ...cpu, spot: true }));
  });
});
