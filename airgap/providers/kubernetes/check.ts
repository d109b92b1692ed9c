import { propertiesAt, textAt, type Properties } from "../plugin/value";
import { diff, replacements, type Changes } from "./diff";
import { immutablePaths } from "./immutable";
import {
  isAutonamed,
  named,
  parseToken,
  parseUrn,
  withMetadata,
  type NamingRule,
} from "./naming";
import { fromProgram, liveOf, secreted } from "./object";
import type { Provider } from "./provider";

/** Completes the inputs of an object: kind, name and namespace. */
export async function check(
  provider: Provider,
  urn: string,
  old: Properties,
  program: Properties,
  seed: Uint8Array,
  rule?: NamingRule,
): Promise<Properties> {
  const kind = parseToken(parseUrn(urn).type);
  if (kind.kind.endsWith("List")) {
    throw new Error(
      "list resources exist for compatibility with YAML manifests and Helm charts, and cannot be created directly. Use the underlying resource type instead",
    );
  }
  let object = named(
    { ...kind, ...fromProgram(program) },
    fromProgram(old),
    urn,
    seed,
    rule,
  );
  const { namespace } = propertiesAt(object, "metadata");
  if (!namespace && (await provider.namespaced(kind))) {
    object = withMetadata(object, { namespace: provider.namespace });
  }
  if (kind.kind === "CustomResourceDefinition") provider.define(object);
  return secreted(object, program);
}

/** How inputs differ from those of the last time. */
export async function compare(
  provider: Provider,
  urn: string,
  state: Properties,
  oldInputs: Properties,
  newInputs: Properties,
): Promise<{
  readonly changes: Changes;
  readonly replaces: readonly string[];
  readonly deleteFirst: boolean;
}> {
  const kind = parseToken(parseUrn(urn).type);
  const namespaced = await provider.namespaced(kind);
  const place = (inputs: Properties): Properties => {
    const object = fromProgram(inputs);
    const { namespace, ...metadata } = propertiesAt(object, "metadata");
    return {
      ...object,
      metadata: namespaced
        ? { ...metadata, namespace: namespace || "default" }
        : metadata,
    };
  };
  const old = place(oldInputs);
  const fresh = place(newInputs);
  const changes = diff(
    old,
    fresh,
    immutablePaths(kind, provider.options.mutable),
  );
  const replaces = replacements(changes);
  const live = liveOf(state);
  const name = textAt(fresh, "metadata", "name");
  const deleteFirst =
    replaces.length > 0 &&
    !isAutonamed(fresh) &&
    name !== undefined &&
    name === textAt(live, "metadata", "name") &&
    propertiesAt(fresh, "metadata").namespace ===
      propertiesAt(old, "metadata").namespace;
  return { changes, replaces, deleteFirst };
}
