import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";

const root = join(__dirname, "../..");

describe("files of the repository", () => {
  it("are no links that lead out of it, to what no other machine has", () => {
    const listed = execFileSync("git", ["ls-files", "--stage", "-z"], {
      cwd: root,
      encoding: "utf8",
    });
    const links = listed
      .split("\0")
      .filter((line) => line.startsWith("120000"))
      .map((line) => line.split("\t")[1] ?? "");
    const astray = links.filter((link) => {
      const target = readlinkSync(join(root, link));
      return (
        isAbsolute(target) ||
        normalize(join(dirname(link), target)).startsWith("..")
      );
    });
    assert.deepEqual(astray, []);
  });
});
