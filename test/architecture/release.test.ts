import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const versionIn = (file: string) =>
  (JSON.parse(read(file)) as { readonly version: string }).version;

describe("the version of a release", () => {
  const version = versionIn("package.json");

  it("is the same in each package that goes out with it", () => {
    const [, wheel] =
      /^version = "(.+)"$/m.exec(
        read("workloads/features/python/pyproject.toml"),
      ) ?? [];
    assert.deepEqual(
      [
        versionIn("package-lock.json"),
        versionIn("stacks/policy/package.json"),
        wheel,
      ],
      [version, version, version],
    );
  });

  it("has a section of the changelog with its day, below what is not released", () => {
    const headings = read("CHANGELOG.md").match(/^## .+$/gm) ?? [];
    assert.equal(headings[0], "## Unreleased");
    assert.match(
      headings[1] ?? "",
      new RegExp(
        `^## ${version.replaceAll(".", "\\.")} - \\d{4}-\\d{2}-\\d{2}$`,
      ),
    );
  });
});
