import assert from "node:assert/strict";

import { failureOf } from "../../../../stacks/commands/jobs/command-jobs";

describe("the reason of a Spark job that failed", () => {
  for (const [result, reason] of [
    ['{"error": "a bad row"}', "a bad row"],
    ['{"rows": 3}', '{"rows": 3}'],
    ['{"error": "cut by Kuber', '{"error": "cut by Kuber'],
    ["no JSON", "no JSON"],
    ["", undefined],
    [undefined, undefined],
  ] as const)
    it(`is ${reason ?? "the operator's"} for ${JSON.stringify(result)}`, () => {
      assert.equal(failureOf(result), reason);
    });
});
