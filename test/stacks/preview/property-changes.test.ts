import assert from "node:assert/strict";

import fc from "fast-check";

import {
  concealed,
  propertyChanges,
} from "../../../stacks/preview/property-changes";
import { step } from "./digest";

const group = "aws:eks/nodeGroup:NodeGroup";

describe("property changes of a preview", () => {
  it("name the path of each leaf that differs", () => {
    const changes = propertyChanges(
      step("update", group, "cpu", {
        before: {
          scalingConfig: { minSize: 1, maxSize: 3 },
          taints: [{ key: "a", effect: "NO_SCHEDULE" }],
          labels: { "mlstack.dev/pool": "cpu" },
        },
        after: {
          scalingConfig: { minSize: 1, maxSize: 5 },
          taints: [{ key: "a", effect: "NO_EXECUTE" }, { key: "b" }],
          labels: { "mlstack.dev/pool": "big" },
        },
      }),
    );
    assert.deepEqual(
      changes.map(({ path, before, after }) => [path, before, after]),
      [
        ["scalingConfig.maxSize", 3, 5],
        ["taints[0].effect", "NO_SCHEDULE", "NO_EXECUTE"],
        ["taints[1]", undefined, { key: "b" }],
        ['labels["mlstack.dev/pool"]', "cpu", "big"],
      ],
    );
  });

  it("mark those that force the replacement", () => {
    const changes = propertyChanges(
      step(
        "replace",
        group,
        "cpu",
        {
          before: { diskSize: 50, instanceTypes: ["a"], labels: { x: "1" } },
          after: { diskSize: 60, instanceTypes: ["b"], labels: { x: "2" } },
        },
        {
          detailedDiff: {
            instanceTypes: { kind: "update-replace" },
            "labels.x": { kind: "update" },
            diskSize: { kind: "update-replace" },
          },
        },
      ),
    );
    assert.deepEqual(
      changes.map(({ path, replaces }) => [path, replaces]),
      [
        ["diskSize", true],
        ["instanceTypes[0]", true],
        ["labels.x", false],
      ],
    );
  });

  it("tell of a secret that it changes, and not what it is", () => {
    const changes = propertyChanges(
      step(
        "update",
        "mlstack:index:EmbeddedAccount",
        "key",
        { before: { value: "[secret]" }, after: { value: "[secret]" } },
        { detailedDiff: { value: { kind: "update" } } },
      ),
    );
    assert.deepEqual(changes, [
      {
        path: "value",
        before: "[secret]",
        after: "[secret]",
        replaces: false,
      },
    ]);
  });

  it("show drift by what is there now", () => {
    const inputs = { before: { replicas: 2 }, after: { replicas: 2 } };
    const [change] = propertyChanges(
      step("update", "kubernetes:apps/v1:Deployment", "d", inputs, {
        oldState: {
          type: "kubernetes:apps/v1:Deployment",
          protect: false,
          inputs: {},
          outputs: { spec: { paused: true } },
        },
        newState: {
          type: "kubernetes:apps/v1:Deployment",
          protect: false,
          inputs: {},
        },
        detailedDiff: { "spec.paused": { kind: "delete" } },
      }),
    );
    assert.deepEqual(change, {
      path: "spec.paused",
      before: true,
      after: undefined,
      replaces: false,
    });
  });

  it("leave out what a provider computes", () => {
    const changes = propertyChanges(
      step("update", "kubernetes:helm.sh/v3:Release", "r", {
        before: { version: "1", resourceNames: { a: ["x"] }, __defaults: [] },
        after: { version: "2", resourceNames: { a: ["y"] }, __defaults: [1] },
      }),
    );
    assert.deepEqual(
      changes.map(({ path }) => path),
      ["version"],
    );
  });

  it("never hold the data of a Secret, nor a value whose name says that it is secret", () => {
    const names = fc.constantFrom(
      "password",
      "AWS_SECRET_ACCESS_KEY",
      "accessKey",
      "token",
      "dbPassword",
      "kubeconfig",
    );
    fc.assert(
      fc.property(names, fc.uuid(), fc.uuid(), (name, before, after) => {
        const properties = (value: string) => ({
          nested: [{ [name]: value }],
          env: [{ name: name.toUpperCase(), value }],
        });
        const secret = (value: string) => ({ stringData: { any: value } });
        const text = JSON.stringify([
          propertyChanges(
            step("update", "kubernetes:core/v1:Secret", "s", {
              before: secret(before),
              after: secret(after),
            }),
          ),
          propertyChanges(
            step("update", group, "g", {
              before: properties(before),
              after: { ...properties(after), more: properties(after) },
            }),
          ),
        ]);
        assert.ok(!text.includes(before) && !text.includes(after));
      }),
    );
  });

  it("keep what only sounds secret", () => {
    const options = { httpTokens: "required", automountToken: true };
    assert.deepEqual(concealed(options, group), options);
  });
});
