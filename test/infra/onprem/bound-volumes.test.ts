import assert from "node:assert/strict";

import { boundVolumes, type Volume } from "../../../infra/onprem/bound-volumes";
import { host } from "./host";

const volume = (
  phase: string,
  key: string,
  values: readonly string[],
  operator = "In",
): Volume => ({
  status: { phase },
  spec: {
    claimRef: { namespace: "ml", name: "store-0" },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
      },
    },
  },
});

describe("volumes on a host's disk", () => {
  it("are told by their claims", () => {
    const [problem, ...others] = boundVolumes(host("one"), [
      volume("Bound", "kubernetes.io/hostname", ["one"]),
      volume("Bound", "kubernetes.io/hostname", ["two"]),
      volume("Released", "kubernetes.io/hostname", ["one"]),
      volume("Bound", "topology.kubernetes.io/zone", ["one"]),
      { status: { phase: "Bound" }, spec: {} },
    ]);
    assert.deepEqual(others, []);
    assert.equal(problem?.path, "hosts.one");
    assert.equal(problem.value, "ml/store-0");
  });
});
