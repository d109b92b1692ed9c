import assert from "node:assert/strict";

import { touchedStacks } from "../../../stacks/preview/touched-stacks";

const stacks = [
  { name: "local", target: "local" },
  { name: "aws", target: "eks" },
  { name: "gcp", target: "gke" },
  { name: "azure", target: "aks" },
  { name: "onprem", target: "onprem" },
];

const clouds = ["aws", "gcp", "azure", "onprem"];

const cases: readonly (readonly [string, readonly string[]])[] = [
  ["stacks/Pulumi.aws.yaml", ["aws"]],
  ["stacks/Pulumi.pr-1.yaml", []],
  ["infra/eks/cluster.ts", ["aws"]],
  ["infra/gke/cluster.ts", ["gcp"]],
  ["infra/local/cluster.ts", []],
  ["infra/existing/index.ts", []],
  ["infra/object-store/embedded-store.ts", clouds],
  ["infra/provider/job-end.ts", clouds],
  ["infra/pools/placement.ts", clouds],
  ["components/teams/team.ts", clouds],
  ["workloads/images/spark/Dockerfile", clouds],
  ["workloads/clickstream/tests/test_features.py", []],
  ["stacks/index.ts", clouds],
  ["stacks/commands/up.ts", []],
  ["package-lock.json", clouds],
  ["Pulumi.yaml", clouds],
  ["README.md", []],
  ["test/graphs/aws.txt", []],
  [".github/workflows/preview.yaml", []],
];

describe("stacks that a change touches", () => {
  for (const [file, expected] of cases) {
    it(`${file}: ${expected.join(", ") || "none"}`, () => {
      assert.deepEqual(
        touchedStacks([file], stacks).map(({ name }) => name),
        expected,
      );
    });
  }

  it("are each named once", () => {
    const files = ["infra/eks/cluster.ts", "stacks/Pulumi.aws.yaml"];
    assert.equal(touchedStacks(files, stacks).length, 1);
  });
});
