import assert from "node:assert/strict";

import {
  ownDataSets,
  readDataSet,
} from "../../../workloads/features/read-data-set";
import { pagesOf } from "../../../workloads/features/documentation";
import {
  featureColumns,
  tableName,
} from "../../../workloads/features/feature-view";

const declared = ownDataSets().map((name) => {
  const { dataSet, problems } = readDataSet({ name, place: name });
  assert.ok(dataSet, JSON.stringify(problems));
  return dataSet;
});
const pages = new Map(
  pagesOf(declared).map(({ file, text }) => [file, text] as const),
);

/** The cells of a page's row that begins with a cell. */
function row(file: string, first: string): readonly string[] {
  const line = pages
    .get(file)
    ?.split("\n")
    .find((each) => each.startsWith(`| ${first} |`));
  assert.ok(line !== undefined, `${file}: ${first}`);
  return line
    .slice(1, -1)
    .split(" | ")
    .map((cell) => cell.trim());
}

describe("pages of feature views", () => {
  it("are one a view of every data set, and a list of them", () => {
    const views = declared.flatMap((dataSet) => dataSet.views);
    assert.deepEqual(
      [...pages.keys()].sort(),
      ["README.md", ...views.map((view) => `${tableName(view)}.md`)].sort(),
    );
    for (const view of views) {
      assert.ok(pages.get("README.md")?.includes(`(${tableName(view)}.md)`));
      for (const column of featureColumns(view))
        row(`${tableName(view)}.md`, `\`${column}\``);
    }
  });

  it("say the type and the window of each column", () => {
    assert.deepEqual(row("airport_delays.md", "`delay_1d`").slice(1), [
      "double",
      "the 1d before",
      "minutes after the schedule: mean of `dep_delay`",
    ]);
    assert.deepEqual(row("session_activity.md", "`pages`").slice(1, 3), [
      "long",
      "all events",
    ]);
    assert.match(
      row("user_activity.md", "`purchases_1h`")[3] ?? "",
      /where `event` is purchase$/,
    );
  });

  it("say whose rows they are, from what, how they are kept, and how to read them", () => {
    const page = "user_activity.md";
    assert.equal(row(page, "owner")[1], "ml");
    assert.equal(row(page, "version")[1], "1");
    assert.equal(row(page, "entity key")[1], "`user_id` (long)");
    assert.equal(row(page, "event time")[1], "`timestamp`");
    assert.match(row(page, "source")[1] ?? "", /`clickstream_events`/);
    assert.match(row(page, "computed")[1] ?? "", /`10 \* \* \* \*`/);
    assert.match(row(page, "learn from it")[1] ?? "", /`session_purchase`/);
    assert.equal(
      row(page, "`hoodie.datasource.write.recordkey.field`")[1],
      "`user_id,valid_from`",
    );
    assert.match(
      pages.get(page) ?? "",
      /store\.point_in_time_join\(labels, "user_activity"/,
    );
    assert.doesNotMatch(
      pages.get("session_activity.md") ?? "",
      /point_in_time_join/,
    );
  });
});
