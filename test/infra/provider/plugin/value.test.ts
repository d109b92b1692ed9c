import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  at,
  decode,
  encode,
  equal as same,
  hasSecret,
  hasUnknown,
  markSecrets,
  reveal,
  Secret,
  textAt,
  unknown,
  type Properties,
  type Value,
} from "../../../../infra/provider/plugin/value";

const { value } = fc.letrec<{ value: Value; properties: Properties }>(
  (tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.string(),
      fc.constant(unknown),
      fc.array(tie("value"), { maxLength: 3 }),
      tie("properties"),
      tie("value").map((inner) => new Secret(inner)),
    ),
    properties: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie("value"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  }),
);

const properties = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), value, {
  maxKeys: 4,
  noNullPrototype: true,
});

describe("values on the wire", () => {
  it("come back as they were sent", () => {
    fc.assert(
      fc.property(properties, (sent) => {
        deepEqual(decode(encode(sent)), sent);
      }),
    );
  });

  it("are in the clear once revealed, and otherwise the same", () => {
    fc.assert(
      fc.property(properties, (sent) => {
        const clear = reveal(sent);
        ok(!hasSecret(clear));
        equal(hasUnknown(clear), hasUnknown(sent));
        ok(same(clear, sent));
      }),
    );
  });

  it("keep nothing in the clear that was secret", () => {
    fc.assert(
      fc.property(properties, (sent) => {
        const marked = markSecrets(reveal(sent), sent);
        equal(hasSecret(marked), hasSecret(sent));
        ok(same(marked, sent));
      }),
    );
  });

  it("are read through secrets", () => {
    const sent = { a: new Secret({ b: [{ c: new Secret("d") }] }) };
    equal(textAt(sent, "a", "b", 0, "c"), "d");
    equal(at(sent, "a", "x", "y"), undefined);
  });
});
