import {
  at,
  equal,
  isProperties,
  markSecrets,
  propertiesAt,
  reveal,
  Secret,
  textAt,
  type Properties,
  type Value,
  without,
} from "../plugin/value";
import type { GroupVersionKind } from "./naming";

/** Keys that the SDK's types spell with underscores. */
const dashed: Readonly<Record<string, string>> = Object.fromEntries(
  [
    "embedded-resource",
    "int-or-string",
    "list-map-keys",
    "list-type",
    "map-type",
    "preserve-unknown-fields",
    "validations",
  ].map((rest) => [
    `x_kubernetes_${rest.replaceAll("-", "_")}`,
    `x-kubernetes-${rest}`,
  ]),
);
const underscored: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(dashed).map(([from, to]) => [to, from]),
);

/** Metadata that only the server writes. */
const serverMetadata = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
];

const bookkeeping = ["__inputs", "__initialApiVersion", "__fieldManager"];

/** The kind of an object. */
export function kindOf(object: Properties): GroupVersionKind {
  return {
    apiVersion: textAt(object, "apiVersion") ?? "",
    kind: textAt(object, "kind") ?? "",
  };
}

/** An annotation of ours on an object. */
export function annotation(
  object: Properties,
  name: string,
): string | undefined {
  return textAt(object, "metadata", "annotations", `pulumi.com/${name}`);
}

/** The object that the program means: in the clear, in the API's spelling. */
export function fromProgram(properties: Properties): Properties {
  const object = renamed(reveal(properties), dashed);
  const metadata = at(object, "metadata");
  if (isProperties(metadata)) {
    object.metadata = without(metadata, ...serverMetadata);
  }
  return isSecretKind(object) ? encoded(object) : object;
}

/**
 * What the state keeps of an object: its live form with the inputs beside it,
 * secret where the program's properties are.
 */
export function checkpoint(
  live: Properties,
  inputs: Properties,
  program: Properties,
  manager: string,
  initialApiVersion: string,
): Properties {
  const metadata = without(propertiesAt(live, "metadata"), "managedFields");
  return {
    ...secreted(renamed({ ...live, metadata }, underscored), program),
    __inputs: secreted(renamed(inputs, underscored), program),
    __initialApiVersion: initialApiVersion,
    __fieldManager: manager,
  };
}

/** The live form within a state. */
export function liveOf(state: Properties): Properties {
  const object = renamed(reveal(state), dashed);
  for (const key of bookkeeping) delete object[key];
  return object;
}

/** Marks secret what the program made secret, and the data of secrets always. */
export function secreted(object: Properties, program: Properties): Properties {
  if (!isSecretKind(object)) return markSecrets(object, program);
  const marked: Properties = { ...object };
  for (const key of ["data", "stringData"]) {
    const value = object[key];
    if (value !== undefined && !(value instanceof Secret)) {
      marked[key] = new Secret(value);
    }
  }
  return marked;
}

/**
 * Inputs after a refresh: each value that changed in the cluster since the
 * state was written takes its live form. Values that the server merely spells
 * differently did not change, and fields that it adds are none of ours.
 */
export function drifted(inputs: Value, before: Value, live: Value): Value {
  if (equal(before, live)) return inputs;
  if (isProperties(inputs) && isProperties(before) && isProperties(live)) {
    const out: Properties = {};
    for (const [key, value] of Object.entries(inputs)) {
      const was = before[key];
      const is = live[key];
      // A field that the server never kept, such as a misspelt one.
      if (was === undefined && is === undefined) out[key] = value;
      else if (is !== undefined) {
        out[key] = was === undefined ? is : drifted(value, was, is);
      }
    }
    return out;
  }
  if (Array.isArray(inputs) && Array.isArray(before) && Array.isArray(live)) {
    return inputs
      .slice(0, live.length)
      .map((value, i) =>
        before[i] === undefined
          ? live[i]!
          : drifted(value, before[i], live[i]!),
      );
  }
  return live;
}

/** Inputs of an object that was not made here: what is there, without the server's own fields. */
export function adopted(live: Properties): Properties {
  const metadata = without(propertiesAt(live, "metadata"), ...serverMetadata);
  return { ...without(live, "status"), metadata };
}

const isSecretKind = (object: Properties): boolean =>
  textAt(object, "kind") === "Secret" && textAt(object, "apiVersion") === "v1";

/** A secret in the form that the server keeps, so that it can be compared. */
function encoded(secret: Properties): Properties {
  const { stringData, ...rest } = secret;
  if (!isProperties(stringData)) return secret;
  const data: Properties = { ...propertiesAt(secret, "data") };
  for (const [key, value] of Object.entries(stringData)) {
    data[key] =
      typeof value === "string"
        ? Buffer.from(value, "utf8").toString("base64")
        : value;
  }
  return { ...rest, data };
}

function renamed(
  value: Properties,
  names: Readonly<Record<string, string>>,
): Properties;
function renamed(value: Value, names: Readonly<Record<string, string>>): Value;
function renamed(value: Value, names: Readonly<Record<string, string>>): Value {
  if (Array.isArray(value)) return value.map((item) => renamed(item, names));
  if (!isProperties(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      names[key] ?? key,
      renamed(inner, names),
    ]),
  );
}
