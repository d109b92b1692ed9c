import { basename, dirname } from "node:path";

import { type ClusterPlace, placeSchema } from "./inputs";
import type { Layout } from "./layout";

/** Form of a reference: a folder and an ID. */
export const referencePattern = /^(\/.+):([0-9a-f-]{36})$/;

/** A cluster's folder and its ID in one word: the ID of its resource, by which another state takes it over. */
export function referenceOf(layout: Layout, id: string): string {
  return `${layout.state}:${id}`;
}

/** Reads what {@link referenceOf} wrote. @throws when the text is no reference */
export function parseReference(reference: string): {
  readonly id: string;
  readonly folder: ClusterPlace;
} {
  const [, path = "", id = ""] = referencePattern.exec(reference) ?? [];
  const { data: folder } = placeSchema.safeParse({
    name: basename(path),
    dataDir: dirname(path),
  });
  if (!folder)
    throw new Error(
      `${JSON.stringify(reference)}: is no reference to a local cluster; write its folder and its ID, such as /var/lib/mlstack/local:00000000-0000-4000-8000-000000000000`,
    );
  return { id, folder };
}
