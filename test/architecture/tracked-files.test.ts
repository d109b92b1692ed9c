import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

describe("files of the repository", () => {
  it("are no links, which lead out of it on another machine", () => {
    const listed = execFileSync("git", ["ls-files", "--stage", "-z"], {
      cwd: join(__dirname, "../.."),
      encoding: "utf8",
    });
    const links = listed
      .split("\0")
      .filter((line) => line.startsWith("120000"));
    assert.deepEqual(links, []);
  });
});
