import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  checkpoint,
  drifted,
  fromProgram,
  liveOf,
} from "../../../airgap/providers/kubernetes/object";
import { mergeFields } from "../../../airgap/providers/kubernetes/apply";
import {
  equal as same,
  hasSecret,
  isProperties,
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

describe("objects of the program", () => {
  it("keep a secret's data as the server keeps it", () => {
    deepEqual(
      fromProgram({
        apiVersion: "v1",
        kind: "Secret",
        data: { b: "Yg==" },
        stringData: new Secret({ a: "v1", c: unknown }),
      }),
      {
        apiVersion: "v1",
        kind: "Secret",
        data: { a: "djE=", b: "Yg==", c: unknown },
      },
    );
  });

  it("are spelt as the API spells them, and lack what only the server writes", () => {
    deepEqual(
      fromProgram({
        metadata: { name: "n", uid: "1", resourceVersion: "2" },
        spec: [{ x_kubernetes_preserve_unknown_fields: true }],
      }),
      {
        metadata: { name: "n" },
        spec: [{ "x-kubernetes-preserve-unknown-fields": true }],
      },
    );
  });
});

describe("states", () => {
  it("lead back to the live object", () => {
    const live = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "n" },
      data: { a: "1" },
    };
    deepEqual(liveOf(checkpoint(live, live, live, "m", "v1")), live);
  });

  it("are secret where the program is, and in the data of a secret", () => {
    const live = { apiVersion: "v1", kind: "Secret", data: { a: "djE=" } };
    const state = checkpoint(live, live, live, "m", "v1");
    ok(state.data instanceof Secret);
    ok(isProperties(state.__inputs) && hasSecret(state.__inputs));
    const pod = { spec: { env: [{ value: "x" }] } };
    const program = { spec: { env: [{ value: new Secret("x") }] } };
    const kept = checkpoint(pod, pod, program, "m", "v1");
    ok(hasSecret(kept.spec ?? null));
  });
});

describe("drift", () => {
  it("is none while the cluster is as it was", () => {
    fc.assert(
      fc.property(json, json, (inputs, live) => {
        deepEqual(drifted(inputs, live, structuredClone(live)), inputs);
      }),
    );
  });

  it("is what changed in the cluster, in the live form", () => {
    deepEqual(
      drifted(
        { cpu: "0.5", labels: { v: "1" }, list: ["a"] },
        { cpu: "500m", labels: { v: "1" }, list: ["a"], added: 1 },
        { cpu: "500m", labels: { v: "2", w: "3" }, list: [], added: 2 },
      ),
      { cpu: "0.5", labels: { v: "2" }, list: [] },
    );
  });

  it("is a field that was taken away, but not one that was never kept", () => {
    deepEqual(drifted({ a: 1, typo: 2 }, { a: 1 }, {}), { typo: 2 });
  });
});

describe("field sets", () => {
  it("have a union that holds both and nothing twice", () => {
    const leaf = fc.constant<Properties>({});
    const key = fc.stringMatching(/^f:[a-c]$/);
    const options = { maxKeys: 3, noNullPrototype: true };
    const inner = fc.dictionary(key, leaf, options);
    const set: fc.Arbitrary<Properties> = fc.dictionary(key, inner, options);
    fc.assert(
      fc.property(set, set, (a, b) => {
        ok(same(mergeFields(a, b), mergeFields(b, a)));
        ok(same(mergeFields(a, a), a));
        equal(same(mergeFields(a, {}), a), true);
      }),
    );
  });
});
