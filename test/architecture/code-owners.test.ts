import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "../..");

describe(".github/CODEOWNERS", () => {
  const lines = readFileSync(join(root, ".github/CODEOWNERS"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(/\s+/));

  it("names an owner of every file", () => {
    assert.equal(lines[0]?.[0], "*");
    for (const [pattern, ...owners] of lines)
      assert.ok(owners.length > 0, pattern);
  });

  it("names folders that there are", () => {
    for (const [pattern = ""] of lines.slice(1)) {
      assert.match(pattern, /^\/.+\/$/);
      const files = execFileSync("git", ["ls-files", pattern.slice(1)], {
        cwd: root,
        encoding: "utf8",
      });
      assert.notEqual(files, "", pattern);
    }
  });
});
