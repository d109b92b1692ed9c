import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

/** Waits until something holds, two minutes at most; what throws does not hold yet. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 240; tries++) {
    if (await holds().catch(() => false)) return;
    await pause(500);
  }
  assert.fail("it did not come to be within two minutes");
}
