import {
  PolicyPack,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
} from "@pulumi/policy";

import type { Rule } from "./rule";
import { rules } from "./rules";

/** `pulumi preview --policy-pack stacks/policy`: the rules, as Pulumi enforces them. */
new PolicyPack("mlstack", {
  enforcementLevel: "mandatory",
  policies: rules.flatMap((rule) => [onResource(rule), ...onStack(rule)]),
});

function onResource(rule: Rule): ResourceValidationPolicy {
  return {
    name: rule.name,
    description: rule.description,
    validateResource: ({ type, name, props, opts, provider }, report) =>
      rule
        .check({
          type,
          name,
          props,
          parent: opts.parent,
          provider: provider?.props,
        })
        .forEach((message) => report(message)),
  };
}

function onStack(rule: Rule): StackValidationPolicy[] {
  const { checkStack } = rule;
  if (!checkStack) return [];
  return [
    {
      name: `${rule.name}-stack`,
      description: rule.description,
      validateStack: ({ resources }, report) => {
        const seen = resources.map(({ type, name, props, opts }) => ({
          ...{ type, name, props, parent: opts.parent },
        }));
        for (const { resource, message } of checkStack(seen)) {
          report(
            message,
            resources[seen.findIndex((r) => r === resource)]?.urn,
          );
        }
      },
    },
  ];
}
