import assert from "node:assert/strict";

import { z } from "zod";

import {
  Secret,
  unknown,
  type Properties,
} from "../../../infra/provider/plugin/value";
import {
  checkInputs,
  compareInputs,
  storedOutputs,
} from "../../../infra/provider/operations";
import type { ResourceKind } from "../../../infra/provider/resource";
import { kindTokens, findKind } from "../../../infra/provider/kinds";

interface Inputs {
  readonly name: string;
  readonly size: number;
  readonly parts: readonly { readonly count: number }[];
  readonly token?: string;
}

const kind: ResourceKind<Inputs, Inputs & { readonly key: string }> = {
  type: "mlstack:index:Test",
  schema: z.strictObject({
    name: z.string().min(2, { error: "write two letters" }),
    size: z.number().default(1),
    parts: z.array(z.strictObject({ count: z.number().max(3) })).default([]),
    token: z.string().min(4, { error: "write four" }).optional(),
  }),
  secretOutputs: ["key"],
  check: ({ name }) =>
    name === "taken"
      ? [{ path: "name", value: name, remedy: "choose another" }]
      : [],
  diff: (_id, _outs, _olds, news) => ({
    update: ["size", "parts"],
    replace: news.parts.length > 1 ? ["name", "parts"] : ["name"],
    drifted: news.name === "drifts" ? ["running"] : [],
  }),
  create: async (inputs) => ({ id: "1", outs: { ...inputs, key: "k" } }),
};

const paths = async (news: Properties) =>
  (await checkInputs(kind, news)).problems.map(({ path }) => path);

describe("check of a resource of our own", () => {
  it("fills in defaults", async () =>
    assert.deepEqual((await checkInputs(kind, { name: "ab" })).inputs, {
      name: "ab",
      size: 1,
      parts: [],
    }));

  it("tells every mistake at once, with its path", async () =>
    assert.deepEqual(
      await paths({
        name: "a",
        size: "b",
        parts: [{ count: 1 }, { count: 9 }],
      }),
      ["name", "size", "parts[1].count"],
    ));

  it("takes no offence at what is not known yet", async () => {
    assert.deepEqual(await paths({ name: unknown, size: unknown }), []);
    assert.deepEqual(await paths({ name: unknown, parts: [unknown] }), []);
    assert.deepEqual(await paths({ name: unknown, size: "b" }), ["size"]);
  });

  it("asks the kind once the schema is content", async () =>
    assert.deepEqual(await paths({ name: "taken" }), ["name"]));

  it("keeps secrets, and shows none in a problem", async () => {
    const good = await checkInputs(kind, {
      name: "ab",
      token: new Secret("long enough"),
    });
    assert.ok(good.inputs["token"] instanceof Secret);
    const bad = await checkInputs(kind, { name: "ab", token: new Secret("x") });
    assert.equal(bad.problems[0]?.value, "[secret]");
  });
});

describe("difference of a resource of our own", () => {
  const compare = (olds: Properties, news: Properties) =>
    compareInputs(kind, "1", olds, olds, news);
  const old = { name: "ab", size: 1, parts: [] };

  it("is none for the same inputs, secret or not", async () => {
    const { changes, drifted } = await compare(
      { ...old, token: new Secret("long") },
      { ...old, token: "long" },
    );
    assert.equal(changes.size, 0);
    assert.deepEqual(drifted, []);
  });

  it("updates and replaces as the kind says", async () => {
    const { changes } = await compare(old, { ...old, size: 2, name: "cd" });
    assert.deepEqual(Object.fromEntries(changes), {
      name: "replace",
      size: "update",
    });
  });

  it("lets the kind overrule an update", async () => {
    const parts = [{ count: 1 }, { count: 2 }];
    const { changes } = await compare(old, { ...old, parts });
    assert.equal(changes.get("parts"), "replace");
  });

  it("counts the unknown as changed", async () => {
    const { changes } = await compare(old, { ...old, size: unknown });
    assert.equal(changes.get("size"), "update");
  });

  it("puts right what has drifted", async () => {
    const drifts = { ...old, name: "drifts" };
    assert.deepEqual((await compare(drifts, drifts)).drifted, ["running"]);
  });
});

describe("outputs of a resource of our own", () => {
  it("hold the inputs, and what must be secret is", () => {
    const outs = storedOutputs(
      kind,
      { name: "ab", token: new Secret("t") },
      { name: "ab", token: "t", key: "k" },
    );
    assert.equal(outs["name"], "ab");
    assert.ok(outs["token"] instanceof Secret);
    assert.ok(outs["key"] instanceof Secret);
  });
});

describe("kinds of the provider", () => {
  it("are found by their own token", () => {
    for (const token of kindTokens) assert.equal(findKind(token).type, token);
  });

  it("are listed when one is misspelt", () =>
    assert.throws(() => findKind("mlstack:index:Clutser"), /LocalCluster/));

  it("are no properties that every object has", () => {
    for (const token of ["", "constructor", "toString", "__proto__"])
      assert.throws(() => findKind(token), /unknown resource type/);
  });
});
