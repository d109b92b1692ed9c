import assert from "node:assert/strict";

import { projectStacks, recordStack } from "../support/stack-program";

/** Paths of references to a pod's own fields that leave the version to the API server. */
function unversioned(value: unknown, path: string): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) =>
    key === "fieldRef" && !("apiVersion" in (below as object))
      ? [path]
      : unversioned(below, `${path}.${key}`),
  );
}

// The API server adds the version, and owns the reference as a whole: where a killed run has left the object, the next run's
// would be in conflict with it.
describe("references to a pod's own fields", () => {
  for (const stack of projectStacks) {
    it(`say the version of the API on ${stack}`, async () => {
      const { resources } = await recordStack(stack, {
        observability: { enabled: true },
      });
      assert.deepEqual(
        resources
          .filter(({ type }) => type.startsWith("kubernetes:"))
          .flatMap(({ name, inputs }) => unversioned(inputs, name)),
        [],
      );
    });
  }
});
