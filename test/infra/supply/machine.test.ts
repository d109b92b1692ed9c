import assert from "node:assert/strict";

import { describeProblem } from "../../../infra/problem";
import { type Machine, unfit } from "../../../infra/supply/machine";

describe("unfit", () => {
  const machine: Machine = {
    platform: "linux",
    architecture: "amd64",
    root: true,
    memoryGibibytes: 15.6,
    freeGibibytes: 40,
  };
  const steps = [{ gibibytes: 20 }, {}];
  const told = (parts: Partial<Machine>) =>
    unfit({ ...machine, ...parts }, steps)
      .map(describeProblem)
      .join("\n");

  it("says nothing of a machine that will do", () => {
    assert.equal(told({}), "");
  });

  it("sends another system to an existing cluster", () => {
    assert.match(told({ platform: "darwin" }), /"darwin".*Linux.*existing/);
  });

  it("names each of root, architecture, memory and disk, at once", () => {
    const lines = told({
      architecture: undefined,
      root: false,
      memoryGibibytes: 3.8,
      freeGibibytes: 7,
    }).split("\n");
    assert.equal(lines.length, 4);
    assert.match(lines.join("\n"), /sudo/);
    assert.match(lines.join("\n"), /3\.8 GiB.*peaks at about 8/);
    assert.match(lines.join("\n"), /7\.0 GiB free.*about 21.*XDG_CACHE_HOME/);
  });
});
