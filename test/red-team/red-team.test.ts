import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { format } from "prettier";

import { layerOf, surprises } from "./answers";
import { attempts, streamAttempts } from "./attempts";
import { page } from "./page";
import { attemptsOn, leftOut, targets } from "./targets";

const file = join(__dirname, "../../docs/security.md");

describe("red team", () => {
  it("makes at least forty attempts, from every kind of pod and person, each with a control", () => {
    assert.ok(attempts.length >= 40, String(attempts.length));
    const all = [...attempts, ...streamAttempts];
    const names = all.map(({ who, what }) => `${who}: ${what}`);
    assert.equal(new Set(names).size, names.length);
    for (const { who, what, control } of all)
      assert.ok(
        control.who !== who || control.action !== undefined,
        `${who}, ${what}: the control is the attempt`,
      );
  });

  it("makes all of them on the local target, and on-prem what each layer is for and all but what is not there", () => {
    assert.deepEqual(attemptsOn("local"), attempts);
    const onprem = attemptsOn("onprem");
    for (const { layer } of attempts)
      assert.ok(
        onprem.some((attempt) => attempt.layer === layer),
        layer,
      );
    const reasons = new Set(
      attempts.flatMap((attempt) => leftOut(attempt, "onprem") ?? []),
    );
    assert.deepEqual(
      [...reasons].sort(),
      [...Object.values(targets.onprem.lacks)].sort(),
    );
    assert.ok(onprem.length >= 0.9 * attempts.length, String(onprem.length));
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
