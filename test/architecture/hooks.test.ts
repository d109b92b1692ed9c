import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(__dirname, "..");

/** Hooks of mocha outside of any suite: they run for every test of every file. */
const rootHook = /^(before|after|beforeEach|afterEach)\(/m;

describe("hooks of tests", () => {
  it("are found outside of a suite", () =>
    assert.match("\nbeforeEach(async () => {\n", rootHook));

  it("stand in a suite", () => {
    const strays = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".test.ts"))
      .filter((path) =>
        rootHook.test(readFileSync(join(folder, path), "utf8")),
      );
    assert.deepEqual(strays, []);
  });
});
