import assert from "node:assert/strict";

import { isOldLock } from "../../../stacks/ephemeral/old-lock";
import { reapPlan } from "../../../stacks/ephemeral/reap-plan";

const now = new Date("2030-01-01T12:00:00Z");

function verdictOf(expiry: string | undefined) {
  return reapPlan([{ name: "pr-1", expiry, lifetime: "short" }], now)[0]
    ?.verdict;
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
      { name: "aws", expiry: undefined, lifetime: "long" },
      { name: "pr-1", expiry: "2029-12-31T00:00:00Z", lifetime: "short" },
      { name: "pr-2", problem: "incorrect passphrase" },
    ];
    assert.deepEqual(
      reapPlan(stacks, now).map(({ name, reason }) => `${name} ${reason}`),
      [
        "aws has no expiry",
        "pr-1 expired 2029-12-31T00:00:00Z",
        "pr-2 cannot be read: incorrect passphrase",
      ],
    );
  });

  it("takes down what says itself that it is short-lived, whatever its tags", () => {
    const expiry = "2029-12-31T00:00:00Z";
    const verdicts = ["short", "unused", "long", undefined].map(
      (lifetime) =>
        reapPlan([{ name: "pr-1", expiry, lifetime }], now)[0]?.verdict,
    );
    assert.deepEqual(verdicts, ["reap", "reap", "keep", "keep"]);
  });

  it("lets go of locks alone that are older than any run", () => {
    const error = (...instants: readonly string[]) =>
      [
        "error: the stack is currently locked by 1 lock(s). Either wait",
        ...instants.map(
          (at) => `  s3://state/1.json: created by ci@runner (pid 7) at ${at}`,
        ),
      ].join("\n");
    assert.ok(isOldLock(error("2030-01-01T05:59:59Z"), now));
    assert.ok(isOldLock(error("2030-01-01T07:59:59+02:00"), now));
    assert.ok(!isOldLock(error("2030-01-01T06:00:01Z"), now));
    assert.ok(
      !isOldLock(error("2029-12-31T00:00:00Z", "2030-01-01T11:00:00Z"), now),
    );
    assert.ok(!isOldLock(error(), now));
    assert.ok(!isOldLock("error: created by me at 2020-01-01T00:00:00Z", now));
  });
});
