import { isProperties, type Value } from "../plugin/value";

/** A part of a path: a field, an index, every element, or those that fit. */
type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | { readonly kind: "anywhere"; readonly name: string }
  | {
      readonly kind: "filter";
      readonly path: readonly Step[];
      readonly operator?: "==" | "!=";
      readonly operand?: string;
    };

/** A path in kubectl's notation, such as `{.status.conditions[?(@.type=="Ready")].status}`. */
export function parsePath(text: string): readonly Step[] {
  const inner = text
    .trim()
    .replace(/^\{(.*)\}$/s, "$1")
    .trim();
  const path = inner.replace(/^[$@]/, "");
  const steps: Step[] = [];
  let rest = path.startsWith(".") || path.startsWith("[") ? path : `.${path}`;
  while (rest) {
    const [match, step] = readStep(rest, text);
    if (step) steps.push(step);
    rest = rest.slice(match);
  }
  return steps;
}

function readStep(rest: string, whole: string): [number, Step | undefined] {
  let match = /^\.\.([\w-]+)/.exec(rest);
  if (match) return [match[0].length, { kind: "anywhere", name: match[1]! }];
  match = /^\.\*|^\[\*\]/.exec(rest);
  if (match) return [match[0].length, { kind: "all" }];
  // A dot within a name is written `\.`.
  match = /^\.((?:\\.|[^.[\]\\])+)/.exec(rest);
  if (match) {
    const name = match[1]!.replace(/\\(.)/g, "$1");
    return [match[0].length, { kind: "field", name }];
  }
  match = /^\[(-?\d+)\]/.exec(rest);
  if (match) return [match[0].length, { kind: "index", index: +match[1]! }];
  match = /^\[(?:'([^']*)'|"([^"]*)")\]/.exec(rest);
  if (match) {
    const name = match[1] ?? match[2] ?? "";
    return [match[0].length, { kind: "field", name }];
  }
  match =
    /^\[\?\(\s*@([^=!)]*?)\s*(?:(==|!=)\s*(?:'([^']*)'|"([^"]*)"|([^)\s]+))\s*)?\)\]/.exec(
      rest,
    );
  if (match) {
    return [
      match[0].length,
      {
        kind: "filter",
        path: parsePath(match[1]!),
        operator: match[2] === "==" || match[2] === "!=" ? match[2] : undefined,
        operand: match[3] ?? match[4] ?? match[5],
      },
    ];
  }
  if (rest === ".") return [1, undefined];
  throw new Error(
    `"${whole}" is not a path: it stops making sense at "${rest}"`,
  );
}

/** All values that a path leads to. */
export function find(value: Value, path: readonly Step[]): readonly Value[] {
  return path.reduce<readonly Value[]>(
    (found, step) => found.flatMap((item) => [...take(item, step)]),
    [value],
  );
}

function* take(value: Value, step: Step): Iterable<Value> {
  switch (step.kind) {
    case "field":
      if (isProperties(value)) {
        const inner = value[step.name];
        if (inner !== undefined) yield inner;
      }
      return;
    case "index":
      if (Array.isArray(value)) {
        const item = value.at(step.index);
        if (item !== undefined) yield item;
      }
      return;
    case "all":
      yield* children(value);
      return;
    case "anywhere":
      if (isProperties(value)) {
        const inner = value[step.name];
        if (inner !== undefined) yield inner;
      }
      for (const child of children(value)) yield* take(child, step);
      return;
    case "filter":
      for (const child of children(value)) {
        const found = find(child, step.path);
        const fits =
          step.operator === undefined
            ? found.length > 0
            : found.some(
                (item) =>
                  (textOf(item) === step.operand) === (step.operator === "=="),
              );
        if (fits) yield child;
      }
      return;
    default:
      return step satisfies never;
  }
}

function children(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  return isProperties(value) ? Object.values(value) : [];
}

/** A value as kubectl prints it. */
function textOf(value: Value): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A condition of the annotation `pulumi.com/waitFor`. */
export interface Expectation {
  readonly description: string;
  met(object: Value): boolean;
}

/** Reads the annotation: one expression, or a JSON list of them. */
export function parseWaitFor(annotation: string): readonly Expectation[] {
  let expressions: readonly string[] = [annotation];
  try {
    const parsed: unknown = JSON.parse(annotation);
    if (Array.isArray(parsed)) expressions = parsed.map(String);
  } catch {
    // An expression by itself is no JSON.
  }
  if (expressions.length === 0) {
    throw new Error("at least one condition must be specified");
  }
  return expressions.map(parseExpectation);
}

function parseExpectation(expression: string): Expectation {
  if (expression.startsWith("jsonpath=")) {
    const rest = expression.slice("jsonpath=".length);
    const match = /^(['"]?)(\{.*\})\1(?:==?(.*))?$/s.exec(rest);
    if (!match) {
      throw new Error(
        `expected jsonpath={.path} or jsonpath={.path}=value, got "${expression}"`,
      );
    }
    const path = parsePath(match[2]!);
    const expected = match[3]?.replace(/^(['"])(.*)\1$/s, "$2");
    return {
      description: expression,
      met: (object) => {
        const found = find(object, path);
        return expected === undefined
          ? found.length > 0
          : found.length === 1 && textOf(found[0]!) === expected;
      },
    };
  }
  if (expression.startsWith("condition=")) {
    const [type = "", status = "True"] = expression
      .slice("condition=".length)
      .split("=");
    const path = parsePath(`{.status.conditions[*]}`);
    return {
      description: expression,
      met: (object) =>
        find(object, path).some(
          (condition) =>
            isProperties(condition) &&
            String(condition.type).toLowerCase() === type.toLowerCase() &&
            String(condition.status).toLowerCase() === status.toLowerCase(),
        ),
    };
  }
  throw new Error(
    `expected a "jsonpath=" or "condition=" prefix, got "${expression}"`,
  );
}
