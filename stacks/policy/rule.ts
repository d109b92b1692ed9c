import {
  type PolicyResource,
  plainType,
  type ResourceChecks,
} from "../../infra/policy-facts";

/** A violation of a rule by a resource. */
export interface Violation {
  readonly rule: string;
  readonly resource: PolicyResource;
  readonly message: string;
}

/** A rule that every stack keeps. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  /** Problems of a resource by itself, before its creation. */
  check(resource: PolicyResource): readonly string[];
  /** Problems of resources in view of the others. */
  checkStack?(
    resources: readonly PolicyResource[],
  ): readonly Omit<Violation, "rule">[];
}

/** Everything that breaks the rules. */
export function violations(
  rules: readonly Rule[],
  resources: readonly PolicyResource[],
): Violation[] {
  return rules.flatMap((rule) => {
    const single = resources.flatMap((resource) =>
      rule.check(resource).map((message) => ({ resource, message })),
    );
    const together = rule.checkStack?.(resources) ?? [];
    return [...single, ...together].map((one) => ({ rule: rule.name, ...one }));
  });
}

/** Facts of the targets on a resource. */
export function checkByType(
  checks: readonly (ResourceChecks | undefined)[],
  resource: PolicyResource,
): readonly string[] {
  const type = plainType(resource);
  return checks.flatMap((check) => check?.[type]?.(resource) ?? []);
}
