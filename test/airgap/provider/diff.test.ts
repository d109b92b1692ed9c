import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  diff,
  formatPath,
  replacements,
} from "../../../airgap/providers/kubernetes/diff";
import { immutablePaths } from "../../../airgap/providers/kubernetes/immutable";
import {
  Secret,
  unknown,
  type Properties,
} from "../../../airgap/providers/plugin/value";

const json = fc
  .dictionary(
    fc.stringMatching(/^[a-z]{1,4}$/),
    fc.jsonValue({ maxDepth: 3 }),
    {
      noNullPrototype: true,
    },
  )
  .map((object) => JSON.parse(JSON.stringify(object)) as Properties);

describe("differences of properties", () => {
  it("are none between equals", () => {
    fc.assert(
      fc.property(json, (object) => {
        deepEqual(diff(object, structuredClone(object)), {});
      }),
    );
  });

  it("are the same paths in both directions, with adding and deleting swapped", () => {
    const turned = { add: "delete", delete: "add", update: "update" } as const;
    fc.assert(
      fc.property(json, json, (a, b) => {
        const back = Object.entries(diff(b, a)).map(([path, change]) => [
          path,
          turned[change as keyof typeof turned],
        ]);
        deepEqual(Object.fromEntries(back), diff(a, b));
      }),
    );
  });

  it("are written as the engine writes paths", () => {
    deepEqual(
      formatPath(["metadata", "labels", 'app.kubernetes.io/"x"', 0, "y"]),
      'metadata.labels["app.kubernetes.io/\\"x\\""][0].y',
    );
  });

  it("name the highest path that one side lacks", () => {
    deepEqual(diff({ a: { b: 1 }, list: [1, 2] }, { c: { d: 1 }, list: [1] }), {
      a: "delete",
      c: "add",
      "list[1]": "delete",
    });
  });

  it("hold for what is unknown, and look into secrets", () => {
    deepEqual(diff({ a: "1" }, { a: unknown, b: unknown }), {
      a: "update",
      b: "add",
    });
    deepEqual(diff({ a: new Secret("1") }, { a: "1" }), {});
  });
});

describe("immutable properties", () => {
  const replaced = (
    apiVersion: string,
    kind: string,
    old: Properties,
    fresh: Properties,
  ): string[] =>
    replacements(diff(old, fresh, immutablePaths({ apiVersion, kind })));

  it("replace the object under the path, over it, and in lists", () => {
    deepEqual(
      replaced("v1", "ConfigMap", { data: { a: "1" } }, { data: { a: "2" } }),
      ["data.a"],
    );
    deepEqual(replaced("v1", "ConfigMap", {}, { data: { a: "2" } }), ["data"]);
    const pod = (value: string, grace: number): Properties => ({
      spec: {
        containers: [{ env: [{ name: "V", value }] }],
        activeDeadlineSeconds: grace,
      },
    });
    deepEqual(replaced("v1", "Pod", pod("1", 1), pod("2", 2)), [
      "spec.containers[0].env[0].value",
    ]);
    const selector = { matchLabels: { app: "a" } };
    deepEqual(replaced("apps/v1", "Deployment", {}, { spec: { selector } }), [
      "spec",
    ]);
  });

  it("are name and namespace in every kind", () => {
    deepEqual(
      replaced(
        "example.dev/v1",
        "Thing",
        { metadata: { name: "a", namespace: "x", labels: { l: "1" } } },
        { metadata: { name: "b", namespace: "y", labels: { l: "2" } } },
      ).sort(),
      ["metadata.name", "metadata.namespace"],
    );
  });

  it("can be made mutable where the provider allows it", () => {
    const paths = immutablePaths(
      { apiVersion: "v1", kind: "ConfigMap" },
      { configMaps: true, secrets: false },
    );
    deepEqual(diff({ data: { a: "1" } }, { data: { a: "2" } }, paths), {
      "data.a": "update",
    });
  });
});
