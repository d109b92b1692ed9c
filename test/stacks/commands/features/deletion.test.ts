import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import {
  deletionOf,
  fieldOf,
  placeTable,
  stillReadable,
} from "../../../../stacks/commands/features/deletion";
import type { SparkSpec } from "../../../../stacks/commands/features/declared-features";
import { root } from "../../../../stacks/commands/cli/paths";
import { recordedIngestion } from "../../../support/recorded-ingestion";

/** Options that a job's own parser knows, and those that it cannot do without. */
function optionsOf(module: string) {
  const source = readFileSync(
    join(root, "workloads/features/python/mlstack_features", module),
    "utf8",
  );
  const declared = [...source.matchAll(/add_argument\("(--[a-z-]+)"(.*)\)/g)];
  return {
    known: declared.map(([, name]) => name),
    required: declared
      .filter(([, , rest = ""]) => rest.includes("required=True"))
      .map(([, name]) => name),
  };
}

const named = (args: readonly string[]) =>
  args.map((each) => each.replace(/=.*$/s, ""));

describe("npm run features -- delete", () => {
  for (const ingest of [{}, { everySeconds: 600 }])
    it(`is a job that ends, of an ingestion with ${JSON.stringify(ingest)}`, async function () {
      this.timeout(120_000);
      const declared = (await recordedIngestion(ingest)) as SparkSpec;
      const before = JSON.stringify(declared);
      const entity = "$(HOME) of 4711";
      const views = [{ text: '{"name":"user_activity"}' }];
      const spec = deletionOf(declared, views, ["trips"], "user_id", {
        entity,
        yes: true,
        purge: true,
      });
      assert.match(
        spec.mainApplicationFile,
        /\/mlstack_features\/deletion\.py$/,
      );
      assert.deepEqual(spec["restartPolicy"], { type: "Never" });
      const { known, required } = optionsOf("deletion.py");
      for (const name of required)
        assert.ok(named(spec.arguments).includes(name ?? ""), name);
      for (const name of named(spec.arguments))
        assert.ok(known.includes(name), name);
      assert.ok(spec.arguments.includes("--yes"));
      // The operator writes arguments to its log.
      assert.ok(!JSON.stringify(spec.arguments).includes("4711"));
      const { env } = spec.driver.template.spec.containers[0] ?? {};
      assert.deepEqual(env?.at(-1), {
        name: "MLSTACK_ENTITY",
        value: "$$(HOME) of 4711",
      });
      assert.equal(JSON.stringify(declared), before);

      const counting = deletionOf(declared, views, ["trips"], "user_id", {
        entity,
        yes: false,
        purge: true,
      });
      assert.deepEqual(
        counting.arguments.filter((each) => /^--(yes|purge)/.test(each)),
        [],
      );
    });

  it("takes the view's own entity, and asks where a table's views are of several", () => {
    const users = { entity: "user_id" };
    const sessions = { entity: "session_id" };
    assert.equal(fieldOf("v", users, [users, sessions], undefined), "user_id");
    assert.equal(fieldOf("t", undefined, [users, users], undefined), "user_id");
    assert.equal(fieldOf("t", undefined, [users, sessions], "page"), "page");
    assert.throws(
      () => fieldOf("v", users, [users], "session_id"),
      /--field session_id: the entity of v is user_id; name the table/,
    );
    assert.throws(
      () => fieldOf("t", undefined, [users, sessions], undefined),
      /t: its views are of user_id and session_id; say with --field/,
    );
    assert.throws(
      () => fieldOf("t", undefined, [], undefined),
      /t: its views are of nothing; say with --field/,
    );
  });

  it("says what went from which place, and what can still be read until when", () => {
    const [places = ""] = placeTable({
      found: { clickstream_events: 3, user_activity: 5 },
      anew: { session_activity: 2 },
      metrics: { letters: 1, untold: 0 },
    });
    assert.deepEqual(places.trim().split(/\s*\n\s*/), [
      "PLACE               DELETED OR MADE ANEW",
      "clickstream_events  3 rows",
      "user_activity       5 rows",
      "session_activity    rows of 2 others, without its events",
      "dead letters        1 records",
    ]);
    const kept = stillReadable(
      {
        earlier: {
          user_activity: [4, "20260101000000000"],
          user_activity_v1: [2, "20250101000000000"],
        },
      },
      [
        {
          name: "user_activity",
          hudi: { "hoodie.clean.hours.retained": "720" },
        },
      ],
      new Date("2026-03-01T10:00:00Z"),
    );
    assert.match(
      kept[0] ?? "",
      /^user_activity: 4 instants of before, from 20260101000000000 on, .* first cleaning after 2026-03-31T10:00Z/,
    );
    assert.match(kept[1] ?? "", /^user_activity_v1: 2 .* for good, since/);
    for (const line of kept) assert.match(line, /--purge removes them$/);
  });
});
