import { deepEqual, equal, match, notEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  isAutonamed,
  named,
  objectId,
  parseId,
  parseToken,
  parseUrn,
} from "../../../airgap/providers/kubernetes/naming";
import { builtinScope } from "../../../airgap/providers/kubernetes/scope";
import { textAt, unknown } from "../../../airgap/providers/plugin/value";

const urn = "urn:pulumi:dev::mlstack::my:Parent$kubernetes:core/v1:Pod::a::b";
const seed = Buffer.from("seed");

describe("names", () => {
  it("of types", () => {
    deepEqual(parseToken("kubernetes:core/v1:Pod"), {
      apiVersion: "v1",
      kind: "Pod",
    });
    deepEqual(
      parseToken("kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication"),
      {
        apiVersion: "sparkoperator.k8s.io/v1beta2",
        kind: "SparkApplication",
      },
    );
    throws(() => parseToken("kubernetes"), /is not the type of a resource/);
  });

  it("of resources", () => {
    deepEqual(parseUrn(urn), { type: "kubernetes:core/v1:Pod", name: "a::b" });
  });

  it("of objects are identities that lead back to them", () => {
    const part = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
    fc.assert(
      fc.property(fc.option(part), part, (namespace, name) => {
        const metadata = { name, ...(namespace ? { namespace } : {}) };
        deepEqual(parseId(objectId({ metadata })), metadata);
      }),
    );
  });

  it("are made from the resource's, the same for one seed, and noted", () => {
    const make = (from: Uint8Array) => named({}, {}, urn, from);
    match(textAt(make(seed), "metadata", "name") ?? "", /^a::b-[0-9a-f]{8}$/);
    deepEqual(make(seed), make(seed));
    notEqual(
      textAt(make(seed), "metadata", "name"),
      textAt(make(Buffer.from("other")), "metadata", "name"),
    );
    equal(isAutonamed(make(seed)), true);
  });

  it("that were made stay; those that were given are left alone", () => {
    const first = named({}, {}, urn, seed);
    deepEqual(named({}, first, urn, Buffer.from("other")), first);
    const given = { metadata: { name: "given" } };
    equal(named(given, first, urn, seed), given);
    const later = { metadata: { name: unknown } };
    equal(named(later, first, urn, seed), later);
    // A name that was given once is not kept when it is taken away.
    equal(isAutonamed(named({}, given, urn, seed)), true);
  });

  it("follow the stack's own rules", () => {
    const enforced = named({}, {}, urn, seed, {
      mode: "enforce",
      name: "rule",
    });
    equal(textAt(enforced, "metadata", "name"), "rule");
    throws(
      () => named({}, {}, urn, seed, { mode: "disable", name: "" }),
      /autonaming is disabled/,
    );
  });
});

describe("scopes", () => {
  it("of the API's own kinds are known without a cluster", () => {
    const scope = (apiVersion: string, kind: string) =>
      builtinScope({ apiVersion, kind });
    equal(scope("v1", "Namespace"), "cluster");
    equal(scope("v1", "Secret"), "namespace");
    equal(scope("rbac.authorization.k8s.io/v1", "ClusterRole"), "cluster");
    equal(scope("cert-manager.io/v1", "ClusterIssuer"), undefined);
    equal(scope("sparkoperator.k8s.io/v1beta2", "SparkApplication"), undefined);
    equal(scope("kueue.x-k8s.io/v1beta1", "ClusterQueue"), undefined);
  });
});
