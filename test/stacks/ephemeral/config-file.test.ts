import assert from "node:assert/strict";

import { parse } from "yaml";

import { ephemeralText } from "../../../stacks/ephemeral/config-file";

describe("file of a short-lived stack", () => {
  const config = {
    "mlstack:expiry": "2030-01-01T00:00:00Z",
    "mlstack:account": "012345678901",
    "mlstack:answer": "yes",
    "mlstack:pools": [{ name: "cpu", min: 1, spot: false }],
  };
  const text = ephemeralText("aws", config, { encryptionsalt: "v1:a=" });

  it("says where it comes from", () => {
    assert.match(text, /^# Derived from Pulumi\.aws\.yaml/);
  });

  it("keeps the key of its secrets", () => {
    assert.match(text, /^encryptionsalt: v1:a=$/m);
  });

  for (const version of ["1.1", "1.2"] as const) {
    it(`says the same by YAML ${version}`, () => {
      assert.deepEqual(parse(text, { version }).config, config);
    });
  }
});
