import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  goEnvironment,
  removeGoCaches,
} from "../../../infra/supply/toolchain/go-caches";

describe("Go's caches of the toolchain", () => {
  const variable = "XDG_CACHE_HOME";
  const before = process.env[variable];
  let home = "";

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "mlstack-go-caches-"));
    mkdirSync(join(home, "mlstack"));
    process.env[variable] = home;
  });

  afterEach(() => {
    if (before === undefined) delete process.env[variable];
    else process.env[variable] = before;
    rmSync(home, { recursive: true });
  });

  it("go with their read-only folders", async () => {
    const module = join(home, "mlstack/go/modules/m");
    mkdirSync(module, { recursive: true });
    writeFileSync(join(module, "m.go"), "");
    chmodSync(module, 0o555);
    await removeGoCaches();
    assert.ok(!existsSync(join(home, "mlstack/go")));
  });

  it("go with what a build that was killed has left", async () => {
    const folder = goEnvironment()["GOTMPDIR"] ?? "";
    assert.equal(folder, join(home, "mlstack/go/tmp"));
    // As Go names it.
    mkdirSync(join(folder, "go-build1"));
    await removeGoCaches();
    assert.ok(!existsSync(folder));
  });

  it("stay where their folder is a link, with what it leads to as it was", async () => {
    const elsewhere = join(home, "elsewhere");
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, "a"), "", { mode: 0o444 });
    symlinkSync(elsewhere, join(home, "mlstack/go"));
    await removeGoCaches();
    assert.equal(statSync(join(elsewhere, "a")).mode & 0o777, 0o444);
  });

  it("need not be there", () => removeGoCaches());
});
