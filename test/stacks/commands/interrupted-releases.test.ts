import assert from "node:assert/strict";

import { interruptedReleases } from "../../../stacks/commands/interrupted-releases";

describe("interrupted releases", () => {
  const operation = (type: string, resource: object) => ({ type, resource });
  const release = {
    urn: "urn:pulumi:s::mlstack::kubernetes:helm.sh/v3:Release::spark-operator",
    type: "kubernetes:helm.sh/v3:Release",
    inputs: { name: "spark-operator", namespace: "spark" },
  };
  const exported = (operations: readonly object[] | null) => ({
    version: 3,
    deployment: { resources: [], pending_operations: operations },
  });

  it("are the releases that were being created or updated", () =>
    assert.deepEqual(
      interruptedReleases(
        exported([
          operation("creating", release),
          operation("updating", release),
          operation("deleting", release),
          operation("creating", { ...release, type: "kubernetes:core/v1:Pod" }),
        ]),
      ),
      [
        { namespace: "spark", name: "spark-operator", operation: "creating" },
        { namespace: "spark", name: "spark-operator", operation: "updating" },
      ],
    ));

  it("are none in a state that no run was killed on", () => {
    assert.deepEqual(interruptedReleases(exported(null)), []);
    assert.deepEqual(interruptedReleases({ deployment: {} }), []);
  });
});
