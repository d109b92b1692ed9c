import { isDeepStrictEqual } from "node:util";

import {
  decode,
  encode,
  hasUnknown,
  reveal,
  Secret,
  some,
  Unknown,
  type Properties as Values,
  type Value,
} from "../../airgap/providers/plugin/value";
import type { Problem } from "../problem";
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
  const parsed = kind.schema.safeParse(plain);
  if (parsed.success && !hasUnknown(news)) {
    const problems = (await kind.check?.(parsed.data)) ?? [];
    return { inputs: keepSecrets(parsed.data, secretsOf(news)), problems };
  }
  const problems = (parsed.error?.issues ?? []).flatMap((issue) => {
    const found = valueAt(plain, issue.path);
    if (found.unknown) return [];
    const secret = secretsOf(news).has(String(issue.path[0]));
    return [
      {
        path: pathText(issue.path),
        value: secret ? "[secret]" : found.value,
        remedy: issue.message,
      },
    ];
  });
  return { inputs: news, problems };
}

/** What has changed, and how each change is carried out. */
export interface Comparison {
  readonly changes: ReadonlyMap<string, "update" | "replace">;
  /** Outputs that an update puts right. */
  readonly drifted: readonly string[];
}

/** Compares inputs property by property, and lets the kind say what each change means. */
export async function compareInputs(
  kind: ResourceKind,
  id: string,
  outs: Values,
  oldInputs: Values,
  newInputs: Values,
): Promise<Comparison> {
  const olds = reveal(oldInputs);
  const news = reveal(newInputs);
  const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])];
  const changed = keys.filter((key) => !sameValue(olds[key], news[key]));
  const difference: Difference =
    (await kind.diff?.(id, reveal(outs), olds, news)) ?? {};
  const changes = new Map(
    changed.map((key) => {
      const inPlace =
        difference.update?.includes(key) && !difference.replace?.includes(key);
      return [key, inPlace ? "update" : "replace"] as const;
    }),
  );
  return { changes, drifted: difference.drifted ?? [] };
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

// What a kind returns is data: it goes through JSON into the state.
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
