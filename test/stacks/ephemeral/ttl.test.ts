import assert from "node:assert/strict";

import fc from "fast-check";

import { expiryAfter, parseTtl } from "../../../stacks/ephemeral/ttl";

describe("time to live", () => {
  it("is minutes, hours or days", () => {
    assert.equal(parseTtl("90m"), 5_400_000);
    assert.equal(parseTtl("4h"), 14_400_000);
    assert.equal(parseTtl("2d"), 172_800_000);
  });

  for (const text of [
    "",
    "4",
    "h",
    "0h",
    "-1h",
    "4H",
    "1w",
    "1.5h",
    "4h30m",
    "9m",
    "15d",
    "04h",
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      assert.equal(parseTtl(text), undefined);
    });
  }

  it("ends at an instant in UTC, that long from now to the second", () => {
    const now = fc.date({
      min: new Date("2020-01-01"),
      max: new Date("2100-01-01"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(now, fc.integer({ min: 0, max: 1e9 }), (date, ttl) => {
        const expiry = expiryAfter(ttl, date);
        assert.match(expiry, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        const late = date.getTime() + ttl - Date.parse(expiry);
        assert.ok(late >= 0 && late < 1000);
      }),
    );
  });
});
