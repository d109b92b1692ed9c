import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { explain, UnknownKey } from "../../../stacks/schema/explanation";
import {
  configSchema,
  dataSetFileSchema,
  workloadFileSchema,
} from "../../../stacks/schema/json-schema";

const root = join(__dirname, "../../..");

/** Keys that a page of the reference has in its tables, with the section's key before them. */
function keysOfPage(page: string, section: RegExp): readonly string[] {
  const keys: string[] = [];
  let prefix = "";
  for (const line of readFileSync(join(root, page), "utf8").split("\n")) {
    const heading = section.exec(line)?.[1];
    if (heading !== undefined) {
      prefix = heading;
      keys.push(prefix);
    }
    const key = /^\| `([^`]+)`/.exec(line)?.[1];
    if (key !== undefined)
      keys.push(prefix === "" ? key : `${prefix}.${key}`.replace(".[]", "[]"));
  }
  return keys;
}

describe("explain", () => {
  it("knows every key of the reference of stack files, and says what it sets", () => {
    const schema = configSchema();
    const keys = keysOfPage("docs/configuration.md", /^## `mlstack:(\w+)`/);
    assert.ok(keys.length > 150, String(keys.length));
    for (const key of keys) {
      const found = explain(schema, key.replaceAll("<name>", "any"));
      assert.equal(found.path.replaceAll("[]", ""), key.replaceAll("[]", ""));
      assert.notEqual(found.description, "", key);
      assert.notEqual(found.value, "", key);
    }
  });

  it("knows every key of a data set's declaration", () => {
    const keys = keysOfPage("docs/data-set.md", /^## `(\w+)`/);
    assert.ok(keys.length > 40, String(keys.length));
    for (const key of keys)
      assert.notEqual(explain(dataSetFileSchema(), key).description, "", key);
  });

  it("takes a path as an error names it, and shows the keys below", () => {
    const { path, keys } = explain(configSchema(), "mlstack:teams[0].quota");
    assert.equal(path, "teams[].quota");
    const cpu = keys.find((key) => key.path === "teams[].quota.cpu");
    assert.equal(cpu?.fallback, "8");
    assert.equal(cpu.description, "Cores");
  });

  it("joins what the kinds of a union say of one key", () => {
    const { keys } = explain(workloadFileSchema(), "steps.score");
    const kind = keys.find(({ path }) => path === "steps.<name>.kind");
    assert.match(kind?.value ?? "", /^spark or job or pytorch/);
    assert.ok(kind?.required);
    const main = keys.find(({ path }) => path === "steps.<name>.main");
    assert.match(main?.description ?? "", /^Python file to run/);
  });

  it("names the keys that there are in the place of one that there is not", () => {
    assert.throws(
      () => explain(configSchema(), "streams.clickstream.ingst"),
      (error) => {
        assert.ok(error instanceof UnknownKey);
        assert.equal(error.path, "streams.<name>.ingst");
        assert.ok(error.keys.includes("ingest"));
        return true;
      },
    );
    assert.throws(() => explain(configSchema(), "owner.name"), {
      path: "owner.name",
      keys: [],
    });
  });
});
