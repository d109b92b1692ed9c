import type { PolicyResource } from "../../infra/policy-facts";
import { declaredResources } from "../cost/declared";
import { type Rule, violations } from "./rule";
import { rules } from "./rules";

/**
 * Violations of the policy rules in a stack's program, found before any resource is created.
 *
 * @param config as of `runProgram`
 * @returns a line for each, with rule, resource and remedy
 */
export async function brokenRules(
  stack: string,
  config: Readonly<Record<string, unknown>>,
  checked: readonly Rule[] = rules,
): Promise<readonly string[]> {
  const resources = await declaredResources(stack, config);
  const seen = resources.map(
    ({ type, name, inputs, provider }): PolicyResource => ({
      ...{ type, name, props: inputs },
      // The reference to a provider is its URN and its ID.
      provider: resources.find(
        (one) =>
          one.type.startsWith("pulumi:providers:") &&
          provider.includes(`${one.type}::${one.name}::`),
      )?.inputs,
    }),
  );
  return violations(checked, seen).map(
    ({ rule, resource: { type, name }, message }) =>
      `${rule}: ${name} (${type}): ${message}`,
  );
}
