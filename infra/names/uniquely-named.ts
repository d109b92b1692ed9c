import { z } from "zod";

/**
 * List of a configuration whose items are told apart by their names.
 *
 * @param what an item, in the singular, as the remedy for a name that stands there twice calls it
 */
export function uniquelyNamed<
  Item extends z.ZodType<{ readonly name: string }>,
>(item: Item, what: string) {
  return z
    .array(item)
    .refine(
      (items) => new Set(items.map(({ name }) => name)).size === items.length,
      `give every ${what} a name of its own`,
    );
}
