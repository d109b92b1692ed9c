import assert from "node:assert/strict";

import { readStackConfig } from "../../../stacks/commands/stack-file/stack-config";
import { declaredResources } from "../../../stacks/cost/declared";
import {
  costLine,
  overBudget,
  previewCost,
} from "../../../stacks/cost/preview-cost";
import type { Step } from "../../../stacks/preview/digest";
import { spent } from "../../../stacks/ephemeral/spent";
import { digestOf, step } from "../preview/digest";

const group = "aws:eks/nodeGroup:NodeGroup";
const size = "mlstack:index:NodeGroupSize";

describe("cost of a change", () => {
  const { values, config } = readStackConfig("aws");
  let same: readonly Step[];

  before(async () => {
    const resources = await declaredResources("aws", values);
    same = resources.map(({ type, name, inputs }) =>
      step("same", type, name, { before: inputs, after: inputs }),
    );
  });

  /** The stack as it is, with one resource changed. */
  function changed(type: string, name: string, by: (inputs: object) => object) {
    return same.map((each) =>
      each.urn.endsWith(`${type}::${name}`)
        ? step("update", type, name, {
            before: each.oldState?.inputs ?? {},
            after: { ...by(each.newState?.inputs ?? {}) },
          })
        : each,
    );
  }

  it("names the pool that is raised, with its dollars", () => {
    const steps = changed(size, "aws-pools-cpu-euc1-az1-size", (inputs) => ({
      ...inputs,
      min: 3,
      max: 12,
    }));
    const cost = previewCost(config, digestOf(steps));
    assert.ok(cost);
    // Two more at least, eight more at most, with a disk each.
    const node = 0.483 * 730 + 9.52;
    assert.ok(Math.abs(cost.delta.floor - 2 * node) < 0.01);
    assert.ok(Math.abs(cost.delta.ceiling - 8 * node) < 0.01);
    assert.match(
      costLine(cost),
      /^\*\*\+724 USD a month at the floor, \+2,897 at the ceiling\*\*: `aws-pools-cpu-euc1-az1` 1 to 4 × m7i\.2xlarge → 3 to 12 × m7i\.2xlarge; then 2,014 to 28,955/,
    );
  });

  it("names a machine without a price, and says at least", () => {
    const steps = changed(group, "aws-pools-burst", (inputs) => ({
      ...inputs,
      instanceTypes: ["u7i-12tb.224xlarge"],
    }));
    const cost = previewCost(config, digestOf(steps));
    assert.ok(cost);
    assert.match(
      costLine(cost),
      /then at least 1,290 to .*; no price for `aws-pools-burst` \(0 to 20 machines u7i-12tb\.224xlarge in eu-central-1\)/,
    );
  });

  it("counts a replaced resource once, and one that goes", () => {
    const nat = "aws:ec2/natGateway:NatGateway";
    const steps = same.flatMap((each) => {
      if (!each.urn.includes(`${nat}::`)) return [each];
      const name = each.urn.split("::").at(-1) ?? "";
      const before = each.oldState?.inputs ?? {};
      if (name.endsWith("-2")) return [step("delete", nat, name, { before })];
      return [
        step("create-replacement", nat, name, { before, after: before }),
        step("replace", nat, name, { before, after: before }),
        step("delete-replaced", nat, name, { before }),
      ];
    });
    const cost = previewCost(config, digestOf(steps));
    assert.ok(cost);
    assert.ok(Math.abs(cost.delta.floor + 0.052 * 730) < 0.01);
    assert.match(
      costLine(cost),
      /^\*\*-38 USD .*: `aws-network-nat-2` NAT gateway → none; then 1,252/,
    );
  });

  it("gives a new stack's whole cost, and says so where nothing changes", () => {
    const created = same.map(({ urn, newState }) => ({
      ...step("create", "", ""),
      urn,
      newState,
    }));
    const first = previewCost(config, digestOf(created));
    assert.ok(first);
    assert.match(costLine(first), /^\*\*1,290 to 26,058 USD a month\*\*/);
    const unchanged = previewCost(config, digestOf(same));
    assert.ok(unchanged);
    assert.match(costLine(unchanged), /^\*\*costs the same\*\*: 1,290 to/);
  });

  it("gives no figure where nothing has a price", async () => {
    const onprem = readStackConfig("onprem");
    const resources = await declaredResources("onprem", onprem.values);
    const steps = resources.map(({ type, name, inputs }) =>
      step("create", type, name, { after: inputs }),
    );
    const cost = previewCost(onprem.config, digestOf(steps));
    assert.ok(cost);
    assert.equal(
      costLine(cost),
      "no price for `target.hosts` (7 hosts: write target.costs to count them)",
    );
  });

  it("holds a budget against the typical cost", () => {
    const sum = { typical: 2938, unpriced: [] };
    assert.equal(overBudget({ monthly: 3000, stop: false }, sum), undefined);
    assert.match(
      overBudget({ monthly: 2500, stop: true }, sum) ?? "",
      /^budget\.monthly: 2,500: the stack typically costs 2,938 a month/,
    );
  });

  it("counts what was spent since the first update", () => {
    const state = same.map(({ urn, newState }) => ({
      urn,
      type: urn.split("::")[2] ?? "",
      inputs: newState?.inputs ?? {},
      outputs: {},
    }));
    const target = JSON.stringify(values["mlstack:target"]);
    const updates: Parameters<typeof spent>[1] = [
      {
        ...{ kind: "update", startTime: "2030-01-01T03:00:00Z" },
        config: { "mlstack:target": { value: target } },
      },
      { kind: "update", startTime: "2030-01-01T02:00:00Z", config: {} },
      { kind: "preview", startTime: "2030-01-01T00:00:00Z", config: {} },
    ];
    const now = new Date("2030-01-01T06:00:00Z");
    assert.equal(
      spent(state, updates, now),
      "spent at least 7.07 USD in 4.0 h",
    );
    assert.equal(spent([], updates, now), undefined);
  });
});
