import assert from "node:assert/strict";

import { at } from "../../../infra/policy-facts";
import { readStackConfig } from "../../../stacks/commands/stack-file/stack-config";
import { brokenRules } from "../../../stacks/policy/declared";
import type { Rule } from "../../../stacks/policy/rule";

describe("what up refuses by the policy rules", () => {
  it("is nothing of the project's own stacks", async function () {
    this.timeout(120_000);
    for (const stack of ["aws", "gcp", "azure", "scaleway"]) {
      const { values } = readStackConfig(stack);
      assert.deepEqual(await brokenRules(stack, values), [], stack);
    }
  });

  // The schema already refuses violations in a stack's file, so that this test checks a rule of its own.
  it("is told with rule, resource and remedy, and knows a provider's tags", async function () {
    this.timeout(60_000);
    const { values } = readStackConfig("aws");
    const rule: Rule = {
      name: "no-vpc",
      description: "Nobody has a network.",
      check: ({ type, provider }) =>
        type === "aws:ec2/vpc:Vpc"
          ? [`remove it from ${String(at(provider, "region"))}`]
          : [],
    };
    assert.deepEqual(await brokenRules("aws", values, [rule]), [
      "no-vpc: aws-network-vpc (aws:ec2/vpc:Vpc): remove it from eu-central-1",
    ]);
  });
});
