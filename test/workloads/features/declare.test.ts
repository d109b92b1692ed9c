import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { clickstreamDataSet } from "../../../workloads/clickstream/data-set";
import {
  declareDataSet,
  type DataSetDeclaration,
} from "../../../workloads/features/declare";
import { specs } from "../../../workloads/features/specs";
import { hudiSettings, tableSchema } from "../../../workloads/features/table";

const root = join(__dirname, "../../..");

/** The click-stream's declaration with something changed. */
function changed(
  contract: Partial<DataSetDeclaration["contract"]>,
  view: Partial<DataSetDeclaration["views"][number]> = {},
): DataSetDeclaration {
  const [first, ...rest] = clickstreamDataSet.views;
  assert.ok(first);
  return {
    ...clickstreamDataSet,
    contract: { ...clickstreamDataSet.contract, ...contract },
    views: [{ ...first, ...view }, ...rest],
  };
}

function refusal(declaration: DataSetDeclaration): string {
  try {
    declareDataSet(declaration, ["ml"]);
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message;
  }
  return assert.fail("it was not refused");
}

describe("a data set", () => {
  it("is read by the jobs as the tests of the jobs read it", () => {
    const file = join(root, "workloads/features/stream_tests/specs.json");
    assert.deepEqual(
      JSON.parse(readFileSync(file, "utf8")),
      JSON.parse(
        JSON.stringify(specs(declareDataSet(clickstreamDataSet, ["ml"]))),
      ),
      `declarations have changed: npx tsx workloads/features/print-specs.ts > ${file}`,
    );
  });

  it("names every mistake at once, with its place and what to write", () => {
    const message = refusal(
      changed(
        { key: ["platform"], eventTime: "user_id", orderBy: "nothing" },
        { owner: "nobody", entity: "platform" },
      ),
    );
    for (const line of [
      /contract\.key: "platform": name required fields/,
      /contract\.eventTime: "user_id": name a required timestamp/,
      /contract\.orderBy: "nothing"/,
      /views\[0\]\.owner: "nobody": choose one of ml/,
      /views\[0\]\.entity: "platform"/,
    ])
      assert.match(message, line);
    assert.match(message, /5 problems .* nothing was changed/);
  });

  it("refuses fields whose rules contradict their type", () => {
    for (const field of [
      { type: "string" as const, min: 1 },
      { type: "long" as const, min: 1.5 },
      { type: "long" as const, oneOf: ["a"] },
      { type: "long" as const, pattern: "^a$" },
      { type: "long" as const, otherwise: { default: "a" } },
      { type: "long" as const, required: true, otherwise: "drop" as const },
    ]) {
      const fields = { ...clickstreamDataSet.contract.fields, extra: field };
      assert.match(refusal(changed({ fields })), /contract\.fields\.extra/);
    }
  });

  it("refuses deletions by a field that cannot tell them", () => {
    for (const deletes of [
      { field: "op", in: ["d"] },
      { field: "platform", in: [1] },
    ])
      assert.match(refusal(changed({ deletes })), /contract\.deletes/);
    const deletes = { field: "platform", in: ["gone"] };
    declareDataSet(changed({ deletes }), ["ml"]);
  });

  it("refuses features that do not add up", () => {
    const trailing = { kind: "trailing" as const, hours: [1, 24] };
    const distinct = {
      description: "d",
      aggregate: "distinct" as const,
      of: "event",
    };
    assert.match(
      refusal(changed({}, { window: trailing, features: { distinct } })),
      /distinct values of hours do not add up/,
    );
    const sum = { description: "s", aggregate: "sum" as const, of: "event" };
    assert.match(
      refusal(changed({}, { features: { sum } })),
      /sum is of a number/,
    );
    assert.match(
      refusal(changed({}, { window: { kind: "trailing", hours: [24, 1] } })),
      /ascending/,
    );
    assert.match(refusal(changed({}, { schedule: "hourly" })), /five fields/);
    assert.match(
      refusal(changed({}, { name: "user_activity" })),
      /another table has this name/,
    );
  });

  it("refuses models that have nothing to learn from", () => {
    const [model] = clickstreamDataSet.models ?? [];
    assert.ok(model);
    const message = refusal({
      ...clickstreamDataSet,
      models: [
        { ...model, owner: "nobody", view: "session_activity" },
        {
          ...model,
          example: "user_id",
          positive: { field: "event", above: 1 },
          columns: ["events_1h", "nothing"],
          drift: { limits: { events_1d: 0.1, score: 0.5 } },
        },
      ],
    });
    for (const line of [
      /models\[0\]\.owner: "nobody": choose one of ml/,
      /models\[0\]\.view: "session_activity": choose a view that trails: user_activity/,
      /models\[1\]\.name: "session_purchase": another model/,
      /models\[1\]\.example: "user_id": name another field/,
      /models\[1\]\.positive\.field: "event": name a number field/,
      /models\[1\]\.columns: "nothing"/,
      /models\[1\]\.drift\.limits: "events_1d": choose among events_1h, nothing, score/,
    ])
      assert.match(message, line);
    assert.match(message, /7 problems/);
  });
});

describe("settings of a table", () => {
  const table = tableSchema.parse({ buckets: 3, keepDays: 2 });

  it("keep every instant of the days declared", () => {
    assert.equal(
      hudiSettings(table, { key: ["a"] })["hoodie.clean.hours.retained"],
      "48",
    );
  });

  it("let the ordering field decide, or else the last write", () => {
    const mode = (ordering?: string) =>
      hudiSettings(table, { key: ["a"], ordering })[
        "hoodie.write.record.merge.mode"
      ];
    assert.equal(mode("time"), "EVENT_TIME_ORDERING");
    assert.equal(mode(), "COMMIT_TIME_ORDERING");
  });
});
