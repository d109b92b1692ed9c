import assert from "node:assert/strict";

import { violations } from "../../../stacks/policy/rule";
import { rules } from "../../../stacks/policy/rules";
import { policyResources } from "../../support/policy-resources";
import { projectStacks, recordStack } from "../../support/stack-program";

describe("policy: what each stack registers", () => {
  for (const stack of projectStacks) {
    it(`stacks/Pulumi.${stack}.yaml keeps every rule`, async function () {
      this.timeout(60_000);
      const resources = policyResources(await recordStack(stack));
      const types = resources.map(({ type }) => type);
      assert.ok(types.some((type) => type.endsWith(":SparkApplication")));
      assert.deepEqual(
        violations(rules, resources).map(
          ({ rule, resource, message }) =>
            `${rule}: ${resource.type} ${resource.name}: ${message}`,
        ),
        [],
      );
    });
  }
});
