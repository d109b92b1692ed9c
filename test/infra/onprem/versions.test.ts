import assert from "node:assert/strict";

import { compareVersions, refuseUpgrade } from "../../../infra/onprem/versions";

describe("versions of Kubernetes", () => {
  it("are compared as numbers", () => {
    assert.ok(compareVersions("1.9.11", "1.10.2") < 0);
    assert.equal(compareVersions("v1.35.4", "1.35.4+vendor"), 0);
  });

  it("go one minor version at a time, and never back", () => {
    for (const [from, to] of [
      ["1.35.4", "1.35.4"],
      ["1.35.4", "1.35.9"],
      ["1.35.4", "1.36.0"],
    ] as const)
      assert.equal(refuseUpgrade(from, to), undefined, to);
    assert.match(
      refuseUpgrade("1.35.4", "1.37.0") ?? "",
      /write 1\.36\.x first/,
    );
    assert.match(refuseUpgrade("1.35.4", "1.35.3") ?? "", /does not go back/);
    assert.match(refuseUpgrade("1.35.4", "2.0.0") ?? "", /one minor/);
  });
});
