import assert from "node:assert/strict";

import { reapPlan } from "../../../stacks/ephemeral/reap-plan";

const now = new Date("2030-01-01T12:00:00Z");

function verdictOf(expiry: string | undefined) {
  return reapPlan([{ name: "pr-1", expiry }], now)[0]?.verdict;
}

describe("reaper", () => {
  it("keeps a stack that has no expiry", () => {
    assert.equal(verdictOf(undefined), "keep");
  });

  it("keeps a stack until its expiry, and takes it down from then on", () => {
    assert.equal(verdictOf("2030-01-01T12:00:01Z"), "keep");
    assert.equal(verdictOf("2030-01-01T12:00:00Z"), "reap");
    assert.equal(verdictOf("2030-01-01T10:00:00Z"), "reap");
  });

  it("takes nothing down whose expiry it cannot read", () => {
    assert.equal(verdictOf("tomorrow"), "unreadable");
    assert.equal(verdictOf(""), "unreadable");
  });

  it("names every stack with the reason", () => {
    const stacks = [
      { name: "aws", expiry: undefined },
      { name: "pr-1", expiry: "2029-12-31T00:00:00Z" },
    ];
    assert.deepEqual(
      reapPlan(stacks, now).map(({ name, reason }) => `${name} ${reason}`),
      ["aws has no expiry", "pr-1 expired 2029-12-31T00:00:00Z"],
    );
  });
});
