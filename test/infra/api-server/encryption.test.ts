import assert from "node:assert/strict";

import {
  encryptionConfiguration,
  keyOf,
  newEncryptionKey,
} from "../../../infra/api-server/encryption";

describe("encryption of secrets", () => {
  it("has a key of 32 random bytes, which its file gives back", () => {
    const key = newEncryptionKey();
    assert.equal(Buffer.from(key, "base64").length, 32);
    assert.notEqual(newEncryptionKey(), key);
    for (const stage of ["reads", "writes"] as const)
      assert.equal(keyOf(encryptionConfiguration(key, stage)), key);
  });

  it("reads what is encrypted and what is not, and writes by the first of its ways", () => {
    const ways = (stage: "reads" | "writes") => {
      const { resources } = JSON.parse(
        encryptionConfiguration(newEncryptionKey(), stage),
      ) as {
        readonly resources: readonly {
          readonly resources: readonly string[];
          readonly providers: readonly object[];
        }[];
      };
      assert.deepEqual(
        resources.map((one) => one.resources),
        [["secrets"]],
      );
      return resources[0]?.providers.flatMap((one) => Object.keys(one));
    };
    assert.deepEqual(ways("reads"), ["identity", "secretbox"]);
    assert.deepEqual(ways("writes"), ["secretbox", "identity"]);
  });

  it("says that a file has no key, and not what it has", () => {
    for (const text of ["", '{"secret":"c2hvcnQ="}'])
      assert.throws(() => keyOf(text), { message: "has no key of 32 bytes" });
  });
});
