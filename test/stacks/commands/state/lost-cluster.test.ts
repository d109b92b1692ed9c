import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { lostCluster } from "../../../../stacks/commands/state/lost-cluster";

describe("cluster that a state knows", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "mlstack-data-"));
  after(() => rmSync(dataDir, { recursive: true }));

  const stateOf = (inputs: Readonly<Record<string, unknown>>) => [
    { urn: "urn", type: "mlstack:index:LocalCluster", inputs, outputs: {} },
  ];
  // A key that this version does not have, as an older or newer one may write.
  const inputs = { name: "local", dataDir, unheardOf: true };

  it("is lost where its folder is gone, whatever version wrote its inputs", () => {
    assert.equal(lostCluster(stateOf(inputs)), join(dataDir, "local"));
  });

  it("is not lost while its folder is there, nor where the state knows none", () => {
    mkdirSync(join(dataDir, "local"));
    assert.equal(lostCluster(stateOf(inputs)), undefined);
    assert.equal(lostCluster([]), undefined);
    assert.equal(lostCluster(stateOf({})), undefined);
  });
});
