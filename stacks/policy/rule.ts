/** Properties of a resource. */
export type Properties = Readonly<Record<string, unknown>>;

/** A resource as a rule sees it. */
export interface PolicyResource {
  readonly type: string;
  readonly name: string;
  readonly props: Properties;
  /** URN of the parent. */
  readonly parent?: string;
  /** Properties of its provider. */
  readonly provider?: Properties;
}

/** What is wrong with a resource. */
export interface Violation {
  readonly rule: string;
  readonly resource: PolicyResource;
  readonly message: string;
}

/** A rule that every stack keeps. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  /** What is wrong with a resource by itself, seen before it is made. */
  check(resource: PolicyResource): readonly string[];
  /** What is wrong with resources in view of the others. */
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

/** The type without the API version that Azure's may carry. */
export function plainType({ type }: Pick<PolicyResource, "type">): string {
  return type.replace(/\/v\d{8}\w*/, "");
}

/** The value at a path; undefined where the path ends early. */
export function at(
  value: unknown,
  ...path: readonly (string | number)[]
): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? Reflect.get(inner, key)
        : undefined,
    value,
  );
}

/** The items of a list; none of anything else. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether a value is an object with properties. */
export function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
