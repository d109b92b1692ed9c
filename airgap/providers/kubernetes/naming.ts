import { createHash, randomBytes } from "node:crypto";
import {
  at,
  isProperties,
  textAt,
  unknown,
  type Properties,
} from "../plugin/value";

/** A kind in the API's own words. */
export interface GroupVersionKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Whether a name was made by us, so that a replacement may take a new one. */
export const autonamedAnnotation = "pulumi.com/autonamed";

/** Type token of a helm release, which is no Kubernetes kind. */
export const releaseToken = "kubernetes:helm.sh/v3:Release";

/** Type and name of a resource's URN. */
export function parseUrn(urn: string): {
  readonly type: string;
  readonly name: string;
} {
  const [, , types = "", ...name] = urn.replace(/^urn:pulumi:/, "").split("::");
  return { type: types.split("$").at(-1) ?? "", name: name.join("::") };
}

/** Kind of a type token: `kubernetes:core/v1:Pod` is `v1` `Pod`. */
export function parseToken(token: string): GroupVersionKind {
  const [, module = "", kind = ""] = token.split(":");
  if (!kind) throw new Error(`"${token}" is not the type of a resource`);
  const apiVersion = module.startsWith("core/")
    ? module.slice("core/".length)
    : module;
  return { apiVersion, kind };
}

/** Identity in the state: `namespace/name`, or the name alone. */
export function objectId(object: Properties): string {
  const namespace = textAt(object, "metadata", "namespace");
  const name = textAt(object, "metadata", "name") ?? "";
  return namespace ? `${namespace}/${name}` : name;
}

/** The parts of an identity. */
export function parseId(id: string): {
  readonly namespace?: string;
  readonly name: string;
} {
  const slash = id.indexOf("/");
  return slash < 0
    ? { name: id }
    : { namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}

/** Eight hexadecimal digits: the same for one seed, random without one. */
export function suffix(seed: Uint8Array, salt: string): string {
  return seed.length === 0
    ? randomBytes(4).toString("hex")
    : createHash("sha256").update(seed).update(salt).digest("hex").slice(0, 8);
}

/** What the engine's own naming rules say, if the stack has any. */
export interface NamingRule {
  readonly mode: "propose" | "enforce" | "disable";
  readonly name: string;
}

/**
 * Gives an object without a name the one of its last state, or a new one, and
 * notes on it that the name was made.
 */
export function named(
  object: Properties,
  old: Properties,
  urn: string,
  seed: Uint8Array,
  rule?: NamingRule,
): Properties {
  const name = at(object, "metadata", "name");
  if (name === unknown || (typeof name === "string" && name !== "")) {
    return object;
  }
  const former = isAutonamed(old) ? textAt(old, "metadata", "name") : undefined;
  if (!former && rule?.mode === "disable") {
    throw new Error(
      "autonaming is disabled, resource requires the .metadata.name field to be set",
    );
  }
  const fresh = rule?.name || `${parseUrn(urn).name}-${suffix(seed, urn)}`;
  return withMetadata(object, {
    name: former ?? fresh,
    annotations: { ...annotationsOf(object), [autonamedAnnotation]: "true" },
  });
}

/** Whether an object's name was made by us. */
export const isAutonamed = (object: Properties): boolean =>
  textAt(object, "metadata", "annotations", autonamedAnnotation) === "true";

/** An object with some of its metadata replaced. */
export function withMetadata(
  object: Properties,
  metadata: Properties,
): Properties {
  const old = at(object, "metadata");
  return {
    ...object,
    metadata: { ...(isProperties(old) ? old : {}), ...metadata },
  };
}

function annotationsOf(object: Properties): Properties {
  const found = at(object, "metadata", "annotations");
  return isProperties(found) ? found : {};
}
