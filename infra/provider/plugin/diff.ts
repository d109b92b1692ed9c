import {
  isProperties,
  Secret,
  Unknown,
  type Properties,
  type Value,
} from "./value";

/** Change of one property. */
export type Change =
  | "add"
  | "add-replace"
  | "delete"
  | "delete-replace"
  | "update"
  | "update-replace";

/** Changes by path, as the engine shows them: `spec.containers[0].image`. */
export type Changes = Readonly<Record<string, Change>>;

type Step = string | number;

/**
 * Compares properties leaf by leaf. What is only on one side is one change at
 * the highest path that is missing on the other. A list is compared by index.
 */
export function diff(
  old: Properties,
  fresh: Properties,
  immutable: readonly (readonly string[])[] = [],
): Changes {
  const changes: Record<string, Change> = {};
  const note = (
    path: readonly Step[],
    kind: "add" | "delete" | "update",
    value: Value | undefined,
  ): void => {
    changes[formatPath(path)] = immutable.some((rule) =>
      touches(rule, path, value),
    )
      ? `${kind}-replace`
      : kind;
  };
  const compare = (
    path: readonly Step[],
    a: Value | undefined,
    b: Value | undefined,
  ): void => {
    if (a instanceof Secret) return compare(path, a.value, b);
    if (b instanceof Secret) return compare(path, a, b.value);
    if (b === undefined) {
      if (a !== undefined) note(path, "delete", undefined);
    } else if (a === undefined) {
      note(path, "add", b);
    } else if (isProperties(a) && isProperties(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        compare([...path, key], a[key], b[key]);
      }
    } else if (Array.isArray(a) && Array.isArray(b)) {
      for (let i = 0; i < Math.max(a.length, b.length); i++) {
        compare([...path, i], a[i], b[i]);
      }
    } else if (a !== b || a instanceof Unknown) {
      note(path, "update", b);
    }
  };
  compare([], old, fresh);
  return changes;
}

/** Paths whose change replaces the object. */
export function replacements(changes: Changes): string[] {
  return Object.entries(changes)
    .filter(([, change]) => change.endsWith("-replace"))
    .map(([path]) => path);
}

/** A path in the engine's notation. */
export function formatPath(path: readonly Step[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (/[."[\]]/.test(step)) {
      return `${text}["${step.replaceAll('"', '\\"')}"]`;
    }
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

/**
 * Whether a change concerns a rule's path: the change lies under it, or the
 * path lies within what was added.
 */
function touches(
  rule: readonly string[],
  path: readonly Step[],
  value: Value | undefined,
): boolean {
  for (const [i, step] of path.entries()) {
    const expected = rule[i];
    if (expected === undefined) return true;
    if (expected !== (typeof step === "number" ? "*" : step)) return false;
  }
  return contains(value, rule.slice(path.length));
}

function contains(value: Value | undefined, rule: readonly string[]): boolean {
  const [step, ...rest] = rule;
  if (step === undefined) return true;
  if (value instanceof Secret) return contains(value.value, rule);
  if (step === "*") {
    return Array.isArray(value) && value.some((item) => contains(item, rest));
  }
  return isProperties(value) && step in value && contains(value[step], rest);
}
