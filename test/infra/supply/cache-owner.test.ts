import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { requireOwnCache } from "../../../infra/supply/cache-owner";

describe("cache that root runs programs of", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlstack-cache-"));
  const [home, cache] = [join(folder, "home"), join(folder, "home/cache/new")];
  mkdirSync(home);
  after(() => rmSync(folder, { recursive: true }));

  const given = process.env["SUDO_UID"];
  beforeEach(() => delete process.env["SUDO_UID"]);
  after(() => {
    if (given !== undefined) process.env["SUDO_UID"] = given;
  });

  before(function () {
    if (process.getuid?.() !== 0) this.skip();
  });

  it("is root's own, all the way up", () => requireOwnCache(cache));

  it("is refused below another user's folder, by way of a link too", () => {
    chownSync(home, 1234, 1234);
    symlinkSync(home, join(folder, "link"));
    for (const path of [cache, join(folder, "link/cache")]) {
      assert.throws(
        () => requireOwnCache(path),
        /home: other users can change it/,
      );
    }
    process.env["SUDO_UID"] = "1234";
    requireOwnCache(cache);
    chownSync(home, 0, 0);
  });

  it("is refused where everybody may write", () => {
    chmodSync(home, 0o777);
    assert.throws(() => requireOwnCache(cache), /XDG_CACHE_HOME/);
    chmodSync(home, 0o755);
  });
});
