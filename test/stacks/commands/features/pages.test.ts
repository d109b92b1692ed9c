import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { featurePages } from "../../../../stacks/commands/features/pages";

describe("npm run features -- docs", () => {
  const folder = mkdtempSync(join(tmpdir(), "pages-"));

  after(() => rmSync(folder, { recursive: true }));

  it("prints one page, or writes all of them to a folder, without a cluster", () => {
    const page = featurePages("user_activity", undefined);
    assert.match(page, /^# user_activity\n/);
    const written = featurePages(undefined, join(folder, "docs"));
    assert.equal(
      readFileSync(join(folder, "docs/user_activity.md"), "utf8"),
      page,
    );
    assert.deepEqual(
      written
        .trim()
        .split("\n")
        .map((file) => file.split("/").at(-1))
        .sort(),
      readdirSync(join(folder, "docs")).sort(),
    );
  });

  it("names the views there are when asked for another", () => {
    assert.throws(
      () => featurePages("nothing", undefined),
      /choose one of .*user_activity/,
    );
  });
});
