import {
  Struct,
  type JavaScriptValue,
} from "google-protobuf/google/protobuf/struct_pb";

/** A property as the engine sends it; secrets and unknowns stay visible. */
export type Value =
  null | boolean | number | string | Secret | Unknown | Value[] | Properties;

/** Properties of a resource, or of anything within one. */
export interface Properties {
  [key: string]: Value;
}

/** A value that the engine encrypts in the state and hides in its output. */
export class Secret {
  constructor(readonly value: Value) {}
}

/** A value that only exists once what it comes from has been made. */
export class Unknown {
  readonly known = false;
}

/** The one unknown; previews show it as an output of another resource. */
export const unknown = new Unknown();

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
/** The engine has one mark for each type; a string's is the one sent back. */
const unknownMarks = [
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
] as const;
const marks: ReadonlySet<string> = new Set(unknownMarks);

/** Whether a value is a plain object: neither list, nor secret, nor unknown. */
export function isProperties(value: Value | undefined): value is Properties {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Secret) &&
    !(value instanceof Unknown)
  );
}

/** Reads what the engine sent. */
export function decode(struct: Struct | undefined): Properties {
  const value = struct ? decodeValue(struct.toJavaScript()) : {};
  return isProperties(value) ? value : {};
}

/** Writes what the engine reads. */
export function encode(properties: Properties): Struct {
  const out: { [key: string]: JavaScriptValue } = {};
  for (const [key, value] of Object.entries(properties)) {
    if (value !== undefined) out[key] = encodeValue(value);
  }
  return Struct.fromJavaScript(out);
}

function decodeValue(value: JavaScriptValue): Value {
  if (typeof value === "string") return marks.has(value) ? unknown : value;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(decodeValue);
  const object = value as { [key: string]: JavaScriptValue };
  const inner = object.value;
  switch (object[signatureKey]) {
    case secretSignature:
      return new Secret(decodeValue(inner ?? null));
    case outputSignature: {
      const plain = inner === undefined ? unknown : decodeValue(inner);
      return object.secret === true ? new Secret(plain) : plain;
    }
    default:
      return Object.fromEntries(
        Object.entries(object).map(([key, v]) => [key, decodeValue(v)]),
      );
  }
}

function encodeValue(value: Value): JavaScriptValue {
  if (value instanceof Unknown) return unknownMarks[0];
  if (value instanceof Secret) {
    return {
      [signatureKey]: secretSignature,
      value: encodeValue(value.value),
    };
  }
  if (Array.isArray(value)) return value.map(encodeValue);
  if (!isProperties(value)) return value;
  const out: { [key: string]: JavaScriptValue } = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner !== undefined) out[key] = encodeValue(inner);
  }
  return out;
}

/** The same value in the clear; unknowns stay. */
export function reveal(value: Properties): Properties;
export function reveal(value: Value): Value;
export function reveal(value: Value): Value {
  if (value instanceof Secret) return reveal(value.value);
  if (Array.isArray(value)) return value.map((item) => reveal(item));
  if (!isProperties(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, reveal(inner)]),
  );
}

/** Whether any part of a value fulfils a condition. */
export function some(value: Value, test: (value: Value) => boolean): boolean {
  if (test(value)) return true;
  if (value instanceof Secret) return some(value.value, test);
  if (Array.isArray(value)) return value.some((item) => some(item, test));
  return isProperties(value)
    ? Object.values(value).some((inner) => some(inner, test))
    : false;
}

/** Whether any part of a value is not known yet. */
export const hasUnknown = (value: Value): boolean =>
  some(value, (part) => part instanceof Unknown);

/** Whether any part of a value is secret. */
export const hasSecret = (value: Value): boolean =>
  some(value, (part) => part instanceof Secret);

/** Value at a path, with secrets unwrapped; undefined without one. */
export function at(
  value: Value | undefined,
  ...path: readonly (string | number)[]
): Value | undefined {
  let current = value;
  for (const step of path) {
    if (current instanceof Secret) current = current.value;
    if (typeof step === "number") {
      current = Array.isArray(current) ? current[step] : undefined;
    } else {
      current = isProperties(current) ? current[step] : undefined;
    }
  }
  return current instanceof Secret ? current.value : current;
}

/** The string at a path. */
export function textAt(
  value: Value | undefined,
  ...path: readonly (string | number)[]
): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
}

/** The number at a path. */
export function numberAt(
  value: Value | undefined,
  ...path: readonly (string | number)[]
): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

/** The list at a path, empty where there is none. */
export function listAt(
  value: Value | undefined,
  ...path: readonly (string | number)[]
): readonly Value[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The object at a path, empty where there is none. */
export function propertiesAt(
  value: Value | undefined,
  ...path: readonly (string | number)[]
): Properties {
  const found = at(value, ...path);
  return isProperties(found) ? found : {};
}

/** An object without some of its keys. */
export function without(
  properties: Properties,
  ...keys: readonly string[]
): Properties {
  return Object.fromEntries(
    Object.entries(properties).filter(([key]) => !keys.includes(key)),
  );
}

/** Whether two values are equal in all parts; secrecy does not count. */
export function equal(a: Value | undefined, b: Value | undefined): boolean {
  if (a instanceof Secret) return equal(a.value, b);
  if (b instanceof Secret) return equal(a, b.value);
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  }
  if (!isProperties(a) || !isProperties(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => key in b && equal(a[key], b[key]))
  );
}

/**
 * Marks as secret what was secret in the value it comes from. Objects are
 * marked key by key; a list is secret as a whole, as its order may change.
 */
export function markSecrets(out: Properties, from: Properties): Properties {
  const marked: Properties = { ...out };
  for (const [key, source] of Object.entries(from)) {
    const target = out[key];
    if (target === undefined || target instanceof Secret) continue;
    if (isProperties(target) && isProperties(source)) {
      marked[key] = markSecrets(target, source);
    } else if (hasSecret(source)) {
      marked[key] = new Secret(target);
    }
  }
  return marked;
}
