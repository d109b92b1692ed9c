import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { findKnownKeys } from "../../../infra/onprem/known-hosts";

describe("known_hosts", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlstack-known-hosts-"));
  after(() => rmSync(folder, { recursive: true }));

  it("is read as ssh-keygen writes it, hashed or not", () => {
    const keygen = (...args: readonly string[]) =>
      execFileSync("ssh-keygen", args, { encoding: "utf8", stdio: "pipe" });
    const key = join(folder, "key");
    keygen("-q", "-t", "ed25519", "-N", "", "-f", key);
    const [type, data] = readFileSync(`${key}.pub`, "utf8").split(" ");
    const fingerprint = keygen("-lf", `${key}.pub`).split(" ")[1] ?? "";
    const file = join(folder, "known_hosts");
    writeFileSync(
      file,
      [
        "# a comment",
        `10.0.0.11,control ${type} ${data}`,
        `[10.0.0.12]:2222 ${type} ${data}`,
        `@revoked 10.0.0.13 ${type} ${data}`,
        "",
      ].join("\n"),
    );
    const plain = readFileSync(file, "utf8");
    keygen("-H", "-f", file);
    const hashed = readFileSync(file, "utf8");
    assert.doesNotMatch(hashed, /10\.0\.0\.11/);
    for (const text of [plain, hashed]) {
      const found = [{ type, fingerprint }];
      assert.deepEqual(findKnownKeys(text, "10.0.0.11", 22), found);
      assert.deepEqual(findKnownKeys(text, "10.0.0.12", 2222), found);
      assert.deepEqual(findKnownKeys(text, "10.0.0.12", 22), []);
      assert.deepEqual(findKnownKeys(text, "10.0.0.13", 22), []);
      assert.deepEqual(findKnownKeys(text, "10.0.0.1", 22), []);
    }
  });
});
