import { z } from "zod";

import type { Tags } from "./target";

/**
 * A tag's value that every target takes: AWS has these characters and no others, and the drivers of Azure's and AWS'
 * disks take tags as one text with `,` and `=` between them.
 *
 * @see https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
 */
export const tagValue = z
  .string()
  .max(63, "write 63 characters or fewer")
  .regex(
    /^[\p{L}\p{N}](?:[\p{L}\p{N} ._@+:/-]*[\p{L}\p{N}._@+:/-])?$/u,
    "begin with a letter or digit, and use letters, digits, spaces and . _ @ + : / -, which every cloud takes in a tag",
  );

/** The tags that are there, as pairs. */
export function tagPairs(tags: Tags): Record<string, string> {
  return {
    stack: tags.stack,
    owner: tags.owner,
    ...(tags.expiry !== undefined && { expiry: tags.expiry }),
  };
}
