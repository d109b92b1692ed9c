import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { storedManifests, storedRepository } from "../../airgap/manifests";

describe("stored manifests", () => {
  const directory =
    "https://github.com/kubeflow/training-operator/tree/v1.9.4/manifests/overlays/standalone";
  const before = process.env.XDG_CACHE_HOME;
  let cache = "";

  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), "mlstack-manifests-"));
    process.env.XDG_CACHE_HOME = cache;
  });

  afterEach(() => {
    rmSync(cache, { recursive: true });
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  });

  it("stand for a folder of a repository at a tag", () => {
    const folder = join(
      storedRepository("training-operator", "v1.9.4"),
      "manifests/overlays/standalone",
    );
    assert.equal(storedManifests(directory), undefined);
    mkdirSync(folder, { recursive: true });
    assert.equal(storedManifests(directory), folder);
    assert.equal(
      storedManifests(directory.replace("v1.9.4", "v1.9.3")),
      undefined,
    );
  });

  it("leave folders of this machine alone", () =>
    assert.equal(storedManifests("./manifests"), undefined));
});
