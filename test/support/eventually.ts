import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

/** Waits until something holds, two minutes at most unless given; what throws does not hold yet. */
export async function eventually(
  holds: () => Promise<boolean>,
  seconds = 120,
): Promise<void> {
  for (let tries = 0; tries < seconds * 2; tries++) {
    if (await holds().catch(() => false)) return;
    await pause(500);
  }
  assert.fail(`it did not come to be within ${seconds} s`);
}
