import { structuredPatch } from "diff";
import { parseAllDocuments, stringify } from "yaml";

import { concealed, secretMark } from "./property-changes";

/** An object of a chart that comes, goes or changes. */
export interface ManifestChange {
  /** Object, for example `apps/v1 Deployment spark-operator/controller`. */
  readonly object: string;
  readonly change: "added" | "removed" | "changed";
  /** Lines of a unified diff; none for an object that goes. */
  readonly lines: readonly string[];
}

const order = ["changed", "added", "removed"] as const;

/** Objects in which two renderings of a chart differ, changed ones first, by name; secrets are masked. */
export function manifestDiff(before: string, after: string): ManifestChange[] {
  const [old, now] = [objectsOf(before), objectsOf(after)];
  const names = new Set([...old.keys(), ...now.keys()]);
  const changes = [...names].sort().flatMap((object): ManifestChange[] => {
    const [left, right] = [old.get(object), now.get(object)];
    if (left === right) return [];
    const change = !left ? "added" : !right ? "removed" : "changed";
    const lines = change === "removed" ? [] : lineDiff(left ?? "", right ?? "");
    return [{ object, change, lines }];
  });
  return order.flatMap((kind) =>
    changes.filter(({ change }) => change === kind),
  );
}

function lineDiff(before: string, after: string): string[] {
  return structuredPatch("", "", before, after, "", "", {
    context: 3,
  }).hunks.flatMap(({ lines }, index) =>
    index === 0 ? lines : ["@@ … @@", ...lines],
  );
}

/** Objects of a rendering by name, each as YAML with its keys in order. */
function objectsOf(text: string): Map<string, string> {
  return new Map(
    parseAllDocuments(text, { version: "1.1", merge: true }).flatMap(
      (document) => {
        const object: unknown = document.toJS();
        if (!isObject(object) || typeof object["kind"] !== "string") return [];
        return [[nameOf(object), stringify(masked(object), layout)] as const];
      },
    ),
  );
}

const layout = {
  sortMapEntries: true,
  lineWidth: 0,
  aliasDuplicateObjects: false,
};

function nameOf({ apiVersion, kind, metadata }: Record<string, unknown>) {
  const { namespace, name } = isObject(metadata) ? metadata : {};
  const place = typeof namespace === "string" ? `${namespace}/` : "";
  return `${String(apiVersion)} ${String(kind)} ${place}${String(name)}`;
}

/** Without secrets, and without certificates that a chart generates each time. */
function masked(object: Record<string, unknown>): unknown {
  const type = object["kind"] === "Secret" ? "kubernetes:core/v1:Secret" : "";
  return withoutCertificates(concealed(object, type));
}

function withoutCertificates(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutCertificates);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === "caBundle" ? secretMark : withoutCertificates(item),
    ]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
