import { deepEqual, equal, throws } from "node:assert/strict";
import {
  find,
  parsePath,
  parseWaitFor,
} from "../../../airgap/providers/kubernetes/jsonpath";
import type { Value } from "../../../airgap/providers/plugin/value";

const object: Value = {
  metadata: { annotations: { "mlstack.dev/x": "y" } },
  spec: { containers: [{ name: "a", ports: [1, 2] }, { name: "b" }] },
  status: {
    phase: "Running",
    ready: true,
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Stale", status: "False" },
    ],
  },
};

describe("paths into objects", () => {
  const cases: readonly [string, readonly Value[]][] = [
    ["{.status.phase}", ["Running"]],
    [".status.phase", ["Running"]],
    ["{$.status.phase}", ["Running"]],
    ["{.status.absent}", []],
    ["{.spec.containers[*].name}", ["a", "b"]],
    ["{.spec.containers[-1].name}", ["b"]],
    ["{.spec.containers[0].ports[1]}", [2]],
    ["{.metadata.annotations.mlstack\\.dev/x}", ["y"]],
    ["{.metadata.annotations['mlstack.dev/x']}", ["y"]],
    ['{.status.conditions[?(@.type=="Ready")].status}', ["True"]],
    ["{.status.conditions[?(@.type!='Ready')].status}", ["False"]],
    ["{.spec.containers[?(@.ports)].name}", ["a"]],
    ["{..name}", ["a", "b"]],
  ];
  for (const [path, found] of cases) {
    it(path, () => deepEqual(find(object, parsePath(path)), found));
  }

  it("say where they make no sense", () => {
    throws(() => parsePath("{.a[}"), /is not a path: .* at "\[\}?"/);
  });
});

describe("what is waited for", () => {
  const met = (annotation: string): boolean =>
    parseWaitFor(annotation).every((expectation) => expectation.met(object));

  it("is a value, or that there is one", () => {
    equal(met("jsonpath={.status.phase}=Running"), true);
    equal(met("jsonpath={.status.phase}=Failed"), false);
    equal(met("jsonpath={.status.ready}=true"), true);
    equal(met("jsonpath={.status.phase}"), true);
    equal(met("jsonpath={.status.absent}"), false);
  });

  it("is a condition", () => {
    equal(met("condition=Ready"), true);
    equal(met("condition=Stale"), false);
    equal(met("condition=Stale=False"), true);
  });

  it("is all of a list", () => {
    equal(met('["condition=Ready","jsonpath={.status.phase}=Running"]'), true);
    equal(met('["condition=Ready","condition=Stale"]'), false);
    throws(() => parseWaitFor("[]"), /at least one condition/);
  });

  it("is one of the two forms", () => {
    throws(
      () => parseWaitFor("ready"),
      /expected a "jsonpath=" or "condition="/,
    );
    throws(
      () => parseWaitFor("jsonpath=.status"),
      /expected jsonpath=\{\.path\}/,
    );
  });
});
