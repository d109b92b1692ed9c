import { isDeepStrictEqual } from "node:util";

import { z } from "zod";

import {
  decode,
  encode,
  hasUnknown,
  reveal,
  Secret,
  some,
  Unknown,
  unknown,
  type Properties as Values,
  type Value,
} from "./plugin/value";
import { describeProblem, type Problem } from "../problem";
import type { Difference, ResourceKind } from "./resource";

export { decode, encode, reveal };
export type { Values };

/** Inputs as checked: with defaults, or with the problems found in them. */
export interface Checked {
  readonly inputs: Values;
  readonly problems: readonly Problem[];
}

/** Checks inputs against the kind's schema; what is not known yet is no mistake. */
export async function checkInputs(
  kind: ResourceKind,
  news: Values,
): Promise<Checked> {
  const plain = reveal(news);
  const secrets = secretsOf(news);
  const parsed = kind.schema.safeParse(plain);
  if (parsed.success && !hasUnknown(news)) {
    const problems = (await kind.check?.(parsed.data)) ?? [];
    return { inputs: keepSecrets(parsed.data, secrets), problems };
  }
  const problems = problemsOf(parsed.error, plain, secrets);
  const known = Object.entries(withDefaults(kind, news)).map(
    ([key, value]) =>
      [key, secrets.has(key) ? new Secret(value) : value] as const,
  );
  return { inputs: { ...news, ...Object.fromEntries(known) }, problems };
}

/** Changed properties, and whether each is updated or replaced. */
export interface Comparison {
  readonly changes: ReadonlyMap<string, "update" | "replace">;
  /** Outputs that an update puts right. */
  readonly drifted: readonly string[];
}

/**
 * Compares inputs property by property, both sides with the defaults of the schema, and lets the kind say what each
 * change means.
 *
 * @throws when an input changes that the kind cannot change
 */
export async function compareInputs(
  kind: ResourceKind,
  id: string,
  outs: Values,
  oldInputs: Values,
  newInputs: Values,
): Promise<Comparison> {
  const olds = withDefaults(kind, oldInputs);
  const news = withDefaults(kind, newInputs);
  const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])];
  const changed = keys.filter((key) => !sameValue(olds[key], news[key]));
  const found = withDefaults(kind, outs);
  // Inputs whose actual values, as `read` found them, differ from the declared ones.
  const drifted = Object.keys(olds).filter(
    (key) =>
      key in outs &&
      !changed.includes(key) &&
      !sameValue(found[key], olds[key]),
  );
  const difference = await differenceOf(kind, id, outs, olds, news);
  const how = (key: string): "update" | "replace" | undefined =>
    difference.replace?.includes(key)
      ? "replace"
      : difference.update?.includes(key)
        ? "update"
        : undefined;
  const changes = new Map<string, "update" | "replace">();
  for (const key of changed) {
    const change = how(key);
    if (change !== undefined) changes.set(key, change);
    // A value that is unknown in a preview may turn out unchanged.
    else if (!hasUnknown(news[key] ?? null)) {
      throw new Error(
        `${kind.type}: ${refusal(key, shown(oldInputs, key), shown(newInputs, key))}`,
      );
    }
  }
  for (const key of drifted) {
    if (how(key) === "replace") changes.set(key, "replace");
  }
  return {
    changes,
    drifted: [
      ...new Set([
        ...drifted.filter((key) => !changes.has(key)),
        ...(difference.drifted ?? []),
      ]),
    ],
  };
}

async function differenceOf(
  kind: ResourceKind,
  id: string,
  outs: Values,
  olds: Values,
  news: Values,
): Promise<Difference> {
  if (!kind.diff) {
    return { replace: Object.keys({ ...olds, ...news }) };
  }
  return kind.diff(id, storedValues(kind, outs), olds, news);
}

function refusal(key: string, before: string, after: string): string {
  return `${key}: ${after}: cannot be changed from ${before}; write what it was, or destroy the stack first and make it anew`;
}

function shown(values: Values, key: string): string {
  if (secretsOf(values).has(key)) return "[secret]";
  const value = values[key];
  return value === undefined ? "nothing" : JSON.stringify(value);
}

/** Outputs as the engine keeps them: with the inputs among them, and with what must be kept secret. */
export function storedOutputs(
  kind: ResourceKind,
  inputs: Values,
  outs: object,
): Values {
  const plain = toValues({ ...reveal(inputs), ...outs });
  return keepSecrets(
    plain,
    new Set([...secretsOf(inputs), ...(kind.secretOutputs ?? [])]),
  );
}

/** Inputs as a kind takes them: valid, since the engine has had them checked. */
export function inputsOf(kind: ResourceKind, inputs: Values): object {
  return kind.schema.parse(reveal(inputs));
}

/**
 * Outputs as a kind takes them. They come from a state that can be edited, or from whoever speaks to the provider, so
 * they are checked as inputs are.
 *
 * @throws with each value that the kind would not have stored; secrets are not shown
 */
export function storedValues(kind: ResourceKind, outs: Values): object {
  const plain = reveal(outs);
  const shape = shapeOf(kind);
  const checked =
    kind.stored || !shape
      ? plain
      : Object.fromEntries(
          Object.entries(plain).filter(([key]) => Object.hasOwn(shape, key)),
        );
  const parsed = (kind.stored ?? kind.schema).safeParse(checked);
  if (parsed.success) {
    return kind.stored ? parsed.data : { ...plain, ...parsed.data };
  }
  const secrets = new Set([...secretsOf(outs), ...(kind.secretOutputs ?? [])]);
  const problems = problemsOf(parsed.error, checked, secrets).map(
    (problem) => `  ${describeProblem(problem)}`,
  );
  throw new Error(
    [
      `${kind.type}: what the state keeps of it is not what it was made with, so nothing is done:`,
      ...problems,
      "put the state right (pulumi stack export, edit, pulumi stack import), or drop the resource from it (pulumi state delete)",
    ].join("\n"),
  );
}

/** Outputs of an update as far as a preview can know them; every other is unknown. */
export async function previewOfUpdate(
  kind: ResourceKind,
  olds: Values,
  news: Values,
): Promise<Values> {
  const inputs = shapeOf(kind) ?? news;
  const outputs = Object.entries(olds)
    .filter(([key]) => !Object.hasOwn(inputs, key) && !Object.hasOwn(news, key))
    .map(([key, value]) => {
      if (kind.kept?.includes(key)) return [key, value] as const;
      const secret =
        value instanceof Secret || kind.secretOutputs?.includes(key);
      return [key, secret ? new Secret(unknown) : unknown] as const;
    });
  return {
    ...Object.fromEntries(outputs),
    ...(await previewOfCreate(kind, news)),
  };
}

/** Outputs of a creation as far as a preview can know them. An input that is not known yet hides what a kind could tell. */
export async function previewOfCreate(
  kind: ResourceKind,
  news: Values,
): Promise<Values> {
  const parsed = kind.schema.safeParse(reveal(news));
  if (!parsed.success || hasUnknown(news) || !kind.preview) return news;
  return storedOutputs(kind, news, await kind.preview(parsed.data));
}

/** Values in the clear, with the defaults of the schema as far as each can be read by itself. */
function withDefaults(kind: ResourceKind, values: Values): Values {
  const plain = reveal(values);
  const shape = shapeOf(kind);
  if (!shape) {
    const parsed = kind.schema.safeParse(plain);
    return parsed.success ? toValues(parsed.data) : plain;
  }
  // Keys that the schema no longer has are dropped.
  return Object.fromEntries(
    Object.entries(shape).flatMap(([key, schema]) => {
      const value = plain[key];
      const parsed =
        value !== undefined && hasUnknown(value)
          ? undefined
          : z.safeParse(schema, value);
      const found = parsed?.success ? (parsed.data as Value) : value;
      return found === undefined ? [] : [[key, found]];
    }),
  );
}

function shapeOf({
  schema,
}: ResourceKind): Readonly<Record<string, z.core.$ZodType>> | undefined {
  return schema instanceof z.ZodObject ? schema.shape : undefined;
}

function problemsOf(
  error: z.ZodError | undefined,
  plain: Values,
  secrets: ReadonlySet<string>,
): Problem[] {
  return (error?.issues ?? []).flatMap((issue) => {
    // The issue is of the object around the keys, which may hold secrets.
    const paths =
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => [...issue.path, key])
        : [issue.path];
    return paths.flatMap((path) => {
      const found = valueAt(plain, path);
      if (found.unknown) return [];
      const [first] = path;
      const secret =
        first === undefined ? secrets.size > 0 : secrets.has(String(first));
      return [
        {
          path: pathText(path),
          value: secret ? "[secret]" : found.value,
          remedy: issue.message,
        },
      ];
    });
  });
}

// A kind's result is plain data: JSON removes everything that the state cannot hold.
function toValues(properties: object): Values {
  return JSON.parse(JSON.stringify(properties)) as Values;
}

function keepSecrets(properties: object, secrets: Set<string>): Values {
  return Object.fromEntries(
    Object.entries(toValues(properties)).map(([key, value]) => [
      key,
      secrets.has(key) ? new Secret(value) : value,
    ]),
  );
}

function secretsOf(values: Values): Set<string> {
  return new Set(
    Object.keys(values).filter((key) =>
      some(values[key] ?? null, (part) => part instanceof Secret),
    ),
  );
}

function sameValue(one: Value | undefined, other: Value | undefined): boolean {
  if (other !== undefined && hasUnknown(other)) return false;
  return isDeepStrictEqual(one, other);
}

function valueAt(
  root: Value,
  path: readonly PropertyKey[],
): { unknown: boolean; value?: unknown } {
  let value: unknown = root;
  for (const key of path) {
    if (value instanceof Unknown) return { unknown: true };
    if (typeof value !== "object" || value === null) break;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return value instanceof Unknown
    ? { unknown: true }
    : { unknown: false, value };
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === "number"
        ? `${text}[${key}]`
        : text === ""
          ? String(key)
          : `${text}.${String(key)}`,
    "",
  );
}
