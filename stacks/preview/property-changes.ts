import { typeOf, type Step } from "./digest";

/** A property that changes; what is absent on one side is undefined there. */
export interface PropertyChange {
  /** Path as Pulumi writes it, such as `spec.template.spec.containers[0].image`. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
  /** Whether the resource is replaced because of it. */
  readonly replaces: boolean;
}

/** Placeholder of a secret. */
export const secretMark = "[secret]";

/** The engine's placeholder of an unknown value. */
const unknownMark = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Placeholder of an unknown value. */
export const unknownValue = "(known after up)";

/** Computed by a provider from the rest. */
const derived: Readonly<Record<string, readonly string[]>> = {
  "kubernetes:helm.sh/v3:Release": ["resourceNames", "checksum"],
};

/** Properties of a resource that change, by path; secrets are masked whether or not they are marked. */
export function propertyChanges(step: Step): PropertyChange[] {
  const hidden = derived[typeOf(step)] ?? [];
  const clean = (values: Readonly<Record<string, unknown>> | null = {}) =>
    concealed(
      Object.fromEntries(
        Object.entries(values ?? {}).filter(
          ([key]) => !key.startsWith("__") && !hidden.includes(key),
        ),
      ),
      typeOf(step),
    );
  const before = clean(step.oldState?.inputs);
  const after = clean(step.newState?.inputs);
  const found = differences("", before, after);
  // A changed secret looks the same on both sides, and drift is in the outputs alone: the provider names them.
  const named = Object.keys(step.detailedDiff ?? {}).concat(
    step.detailedDiff ? [] : (step.diffReasons ?? []),
  );
  const outputs = clean(step.oldState?.outputs);
  const unseen = named
    .filter((path) => !hidden.includes(keysOf(path)[0] ?? ""))
    .filter((path) => !path.startsWith("__"))
    .filter((path) => !found.some((change) => related(change.path, path)))
    .map((path) => ({
      path,
      before: valueAt(before, path) ?? valueAt(outputs, path),
      after: valueAt(after, path),
    }));
  return [...found, ...unseen].map((change) => ({
    ...change,
    replaces: replacing(step).some((path) => related(change.path, path)),
  }));
}

function replacing(step: Step): string[] {
  const paths = Object.entries(step.detailedDiff ?? {})
    .filter(([, { kind }]) => kind.endsWith("-replace"))
    .map(([path]) => path);
  return paths.length > 0 ? paths : [...(step.replaceReasons ?? [])];
}

type Difference = Omit<PropertyChange, "replaces">;

function differences(
  path: string,
  before: unknown,
  after: unknown,
): Difference[] {
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) =>
      differences(`${path}[${index}]`, before[index], after[index]),
    ).flat();
  }
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) =>
      differences(joined(path, key), before[key], after[key]),
    );
  }
  return JSON.stringify(before) === JSON.stringify(after)
    ? []
    : [{ path, before, after }];
}

function joined(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key))
    return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** Whether one path is the other or lies below it. */
function related(one: string, other: string): boolean {
  const [a, b] = [keysOf(one), keysOf(other)];
  const shorter = a.length < b.length ? a : b;
  return shorter.every((key, index) => a[index] === b[index]);
}

function keysOf(path: string): string[] {
  const parts = path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g);
  return [...parts].map(
    ([, index, quoted, plain]) =>
      index ?? (quoted ? String(JSON.parse(quoted)) : (plain ?? "")),
  );
}

function valueAt(root: unknown, path: string): unknown {
  return keysOf(path).reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null
        ? Reflect.get(value, key)
        : undefined,
    root,
  );
}

const sensitive =
  /(password|passphrase|token|secret_?key|access_?key|private_?key|client_?secret|kubeconfig|credentials)$/i;

/** The value without what is secret by its name, for providers that forget to mark it. */
export function concealed(value: unknown, type: string, key = ""): unknown {
  if (typeof value === "string") {
    if (value === unknownMark) return unknownValue;
    return sensitive.test(key) && value !== "" ? secretMark : value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => concealed(item, type, key));
  }
  if (!isObject(value)) return value;
  const whole =
    type === "kubernetes:core/v1:Secret" && /^(data|stringData)$/.test(key);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      whole ? secretMark : concealed(item, type, nameIn(value, name)),
    ]),
  );
}

/** In a list of variables the name stands beside the value. */
function nameIn(
  parent: Readonly<Record<string, unknown>>,
  key: string,
): string {
  const { name } = parent;
  return key === "value" && typeof name === "string" ? name : key;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
