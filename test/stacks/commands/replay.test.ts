import assert from "node:assert/strict";

import { replayOf } from "../../../stacks/commands/features";
import { recordedIngestion } from "../../support/recorded-ingestion";

describe("npm run features -- replay", () => {
  const jdbc = {
    url: "jdbc:postgresql://db.example.org/shop",
    table: "clicks",
    secret: "shop",
  };
  for (const { ingest, source } of [
    { ingest: {} },
    { ingest: { everySeconds: 600 } },
    { ingest: { everySeconds: 600 }, source: { source: { jdbc } } },
  ])
    it(`ends, of an ingestion with ${JSON.stringify({ ingest, ...source })}`, async function () {
      this.timeout(120_000);
      const declared = (await recordedIngestion(ingest, source)) as Parameters<
        typeof replayOf
      >[0];
      const spec = replayOf(declared);
      assert.deepEqual(spec["restartPolicy"], { type: "Never" });
      // A job takes one of the three modes: see stream/ingest.py.
      const modes = spec.arguments.filter((each) =>
        /^--(topic|database|replay|every)\b/.test(each),
      );
      assert.deepEqual(modes, ["--replay"]);
      for (const kept of ["--contract=", "--feature-store=", "--raw="])
        assert.ok(spec.arguments.some((each) => each.startsWith(kept)));
    });
});
