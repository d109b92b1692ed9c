import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { format } from "prettier";

import { layerOf, surprises } from "./answers";
import { attempts } from "./attempts";
import { page } from "./page";

const file = join(__dirname, "../../docs/security.md");

describe("red team", () => {
  it("makes at least forty attempts, from every kind of pod and person, each with a control", () => {
    assert.ok(attempts.length >= 40, String(attempts.length));
    const names = attempts.map(({ who, what }) => `${who}: ${what}`);
    assert.equal(new Set(names).size, names.length);
    for (const { who, what, control } of attempts)
      assert.ok(
        control.who !== who || control.action !== undefined,
        `${who}, ${what}: the control is the attempt`,
      );
  });

  it("tells by whom it was refused, and takes a broken call for no refusal", () => {
    for (const [answer, layer] of [
      [
        `403: secrets is forbidden: User "x" cannot list resource "secrets"`,
        "roles",
      ],
      ["no connection: [Errno 111] Connection refused", "network policy"],
      ["no connection: timed out", "network policy"],
      ["no connection: [Errno -2] Name or service not known", undefined],
      ["no connection: [Errno 101] Network is unreachable", undefined],
      ['404: pods "attempt" not found', undefined],
      ["yes", undefined],
      ["", undefined],
    ] as const)
      assert.equal(layerOf(answer), layer, answer);
  });

  it("reports what was let through, what another layer refused, and controls that were refused", () => {
    const [attempt] = attempts;
    assert.ok(attempt);
    const outcome = {
      attempt,
      answer: "yes",
      layer: undefined,
      control: "yes",
    };
    assert.equal(surprises([outcome]).length, 1);
    const refused = { ...outcome, answer: "no", layer: attempt.layer };
    assert.deepEqual(surprises([refused]), []);
    assert.equal(surprises([{ ...refused, control: "no" }]).length, 1);
  });

  it("is what docs/security.md tells of", async () => {
    const written = await format(page(), { parser: "markdown" });
    if (process.env["UPDATE_DOCS"] !== undefined) writeFileSync(file, written);
    assert.equal(
      readFileSync(file, "utf8"),
      written,
      "changed: review it with UPDATE_DOCS=1 npm test; git diff docs",
    );
  });
});
