import type { JsonSchema } from "./json-schema";
import { choices, defaultOf, typeOf } from "./reference";

/** A key of a declaration: its path, what it sets, and the keys below it. */
export interface Explanation {
  /** With `<name>` where a name of one's own stands, and `[]` after a list. */
  readonly path: string;
  /** Values that it takes, in words. */
  readonly value: string;
  /** Value unless it is given; empty where there is none. */
  readonly fallback: string;
  readonly description: string;
  readonly required: boolean;
  readonly keys: readonly Explanation[];
}

/** A key that the schema does not have, with the keys that it has there. */
export class UnknownKey extends Error {
  constructor(
    readonly path: string,
    readonly keys: readonly string[],
  ) {
    super(`${path}: no such key`);
  }
}

interface Place {
  readonly path: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

/**
 * Explains a key.
 *
 * @param path as a problem of the configuration names it: `teams[0].quota.cpu`, `streams.clickstream.ingest`; the whole
 * declaration where it is empty
 * @throws {UnknownKey} where the schema has no such key
 */
export function explain(schema: JsonSchema, path: string): Explanation {
  const words = path
    .replace(/^mlstack:/, "")
    .replace(/\[\d*\]/g, "")
    .split(".")
    .filter((word) => word !== "");
  let places: readonly Place[] = [{ path: "", schema, required: false }];
  for (const word of words) {
    const below = places.flatMap(keysOf);
    const known = below.filter((each) => lastWord(each.path) === word);
    const named = below.filter(({ path }) => path.endsWith("<name>"));
    const [first] = places;
    if (known.length + named.length === 0)
      throw new UnknownKey(join(first?.path ?? "", word), [
        ...new Set(below.map((each) => lastWord(each.path))),
      ]);
    places = known.length > 0 ? known : named;
  }
  // The kinds of a union may each have the key, with another value.
  const found = places.map(explained);
  const [first] = found;
  if (first === undefined) throw new UnknownKey(path, []);
  return {
    ...first,
    value: distinct(found.map(({ value }) => value)).join(" or "),
    description: distinct(found.map(({ description }) => description)).join(
      "; ",
    ),
    keys: withoutTwins(found.flatMap(({ keys }) => keys)),
  };
}

function explained(place: Place): Explanation {
  return {
    ...described(place),
    keys: withoutTwins(keysOf(place).map(described)),
  };
}

function described({ path, schema, required }: Place): Explanation {
  return {
    ...{ path, required, keys: [] },
    value: plain(typeOf(schema)),
    fallback: plain(defaultOf(schema)),
    description: schema.description ?? "",
  };
}

/** Keys right below a place; of a union those of each kind. */
function keysOf({ path, schema }: Place): readonly Place[] {
  const { properties, required = [], items, additionalProperties } = schema;
  if (items)
    return keysOf({ path: `${path}[]`, schema: items, required: false });
  return [
    ...Object.entries(properties ?? {}).map(([key, value]) => ({
      path: join(path, key),
      schema: value,
      required: required.includes(key),
    })),
    ...(typeof additionalProperties === "object"
      ? [
          {
            path: join(path, "<name>"),
            schema: additionalProperties,
            required: false,
          },
        ]
      : []),
    ...choices(schema).flatMap((each) =>
      keysOf({ path, schema: each, required: false }),
    ),
  ].filter(({ path }) => lastWord(path) !== "secure");
}

function withoutTwins(keys: readonly Explanation[]): readonly Explanation[] {
  const merged = new Map<string, Explanation>();
  for (const key of keys) {
    const known = merged.get(key.path);
    merged.set(
      key.path,
      known === undefined
        ? key
        : {
            ...known,
            value: distinct([known.value, key.value]).join(" or "),
            required: known.required && key.required,
          },
    );
  }
  return [...merged.values()];
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.filter((text) => text !== ""))];
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** Name of the key at the end of a path. */
export function lastWord(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1).replace(/\[\]$/, "");
}

function plain(text: string): string {
  return text.replaceAll("`", "");
}
