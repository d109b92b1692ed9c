import assert from "node:assert/strict";

import { majorityProblems } from "../../../infra/onprem/plan";
import { host } from "./host";

const control = (name: string) => host(name, { role: "control-plane" });
const [a, b, c, worker] = [control("a"), control("b"), control("c"), host("w")];

describe("majority of the control plane", () => {
  it("stays when hosts go that the others do not need", () => {
    assert.deepEqual(majorityProblems([a, b, worker], [c], []), []);
    assert.deepEqual(majorityProblems([a], [b, c], []), []);
    assert.deepEqual(majorityProblems([a, b, c], [worker], [a, b]), []);
  });

  it("is no more when one goes while another does not answer", () => {
    const [problem] = majorityProblems([a, b, worker], [c], [b, worker]);
    assert.equal(problem?.value, "c");
    assert.match(problem.remedy, /since b stays and does not answer/);
  });
});
