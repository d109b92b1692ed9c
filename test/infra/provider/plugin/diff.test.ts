import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { diff, formatPath } from "../../../../infra/provider/plugin/diff";
import {
  Secret,
  unknown,
  type Properties,
} from "../../../../infra/provider/plugin/value";

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
