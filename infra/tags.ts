import type { Tags } from "./target";

/** The tags that are there, as pairs. */
export function tagPairs(tags: Tags): Record<string, string> {
  return {
    stack: tags.stack,
    owner: tags.owner,
    ...(tags.expiry !== undefined && { expiry: tags.expiry }),
  };
}
