import assert from "node:assert/strict";

import { interruptedObjects } from "../../../../stacks/commands/state/interrupted-objects";
import { interruptedReleases } from "../../../../stacks/commands/state/interrupted-releases";
import { killedRun } from "../../../../stacks/commands/state/pending-operations";

describe("what a killed run leaves", () => {
  const operation = (type: string, resource: object) => ({ type, resource });
  const release = {
    urn: "urn:pulumi:s::mlstack::kubernetes:helm.sh/v3:Release::spark-operator",
    type: "kubernetes:helm.sh/v3:Release",
    inputs: { name: "spark-operator", namespace: "spark" },
  };
  const pod = (metadata: unknown, type = "kubernetes:core/v1:Pod") => ({
    urn: `urn:pulumi:s::mlstack::${type}::web`,
    type,
    inputs: { apiVersion: "v1", kind: "Pod", metadata },
  });
  const left = (
    operations: readonly object[] | null,
    ...resources: readonly object[]
  ) =>
    killedRun(
      JSON.stringify({
        version: 3,
        deployment: {
          manifest: { time: "2026-11-28T18:40:00.5+01:00" },
          resources,
          pending_operations: operations,
        },
      }),
    );

  it("is the releases that were being created or updated", () =>
    assert.deepEqual(
      interruptedReleases(
        left([
          operation("creating", release),
          operation("updating", release),
          operation("deleting", release),
          operation("creating", { ...release, type: "kubernetes:core/v1:Pod" }),
        ]).operations,
      ),
      [
        { namespace: "spark", name: "spark-operator", operation: "creating" },
        { namespace: "spark", name: "spark-operator", operation: "updating" },
      ],
    ));

  it("is the objects that were being created", () => {
    const named = { name: "web", namespace: "ml" };
    assert.deepEqual(
      interruptedObjects(
        left([
          operation("creating", pod(named)),
          operation("creating", pod({ name: "web" })),
          operation("updating", pod(named)),
          operation("creating", pod({})),
          operation("creating", pod(named, "aws:eks/cluster:Cluster")),
          operation("creating", release),
        ]).operations,
      ),
      [named, { name: "web" }].map((metadata) => ({
        ...{ apiVersion: "v1", kind: "Pod", metadata },
      })),
    );
  });

  it("is nothing that a later run has made", () =>
    assert.deepEqual(
      left([operation("creating", pod({ name: "web" }))], pod({ name: "web" }))
        .operations,
      [],
    ));

  it("is what was to replace another, which the state still has", () =>
    assert.equal(
      left([operation("creating", pod({ name: "b" }))], pod({ name: "a" }))
        .operations.length,
      1,
    ));

  it("is dated by the last write to the state", () =>
    assert.equal(left([]).lastSeen?.toISOString(), "2026-11-28T17:40:00.500Z"));

  it("is nothing in a state that no run was killed on", () => {
    assert.deepEqual(left(null).operations, []);
    assert.deepEqual(killedRun('{"deployment": {}}').operations, []);
  });
});
