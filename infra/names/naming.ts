import { createHash } from "node:crypto";

/** Characters that are the same for the same parts, and differ for others. */
export function digest(parts: readonly string[], length: number): string {
  // The parts are joined by what no name contains, so that ["a", "bc"] and ["ab", "c"] differ.
  return createHash("sha256")
    .update(parts.join("\0"))
    .digest("hex")
    .slice(0, length);
}

/** The name itself where it fits; else its beginning and a digest of all of it. */
export function fitted(name: string, longest: number): string {
  if (name.length <= longest) return name;
  const kept = name.slice(0, longest - 7).replace(/-+$/, "");
  return `${kept}-${digest([name], 6)}`;
}

/**
 * A name that nobody else in the world has, although the name space is shared by all: the
 * suffix comes from what belongs to this account alone. It is known before anything exists,
 * so a preview shows it, and stays the same when a resource is made again.
 */
export function worldwide(
  name: string,
  owner: readonly string[],
  {
    longest,
    separator,
  }: { readonly longest: number; readonly separator: string },
): string {
  const suffix = separator + digest([...owner, name], 8);
  const kept = name.slice(0, longest - suffix.length).replace(/-+$/, "");
  return kept + suffix;
}

/** Lower-case letters, digits and single hyphens, beginning with a letter, as most name spaces want. */
export function slug(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return /^[a-z]/.test(plain) ? plain : `x-${plain}`.replace(/-+$/, "");
}

/**
 * Name of a platform, which the names of all that is in it begin with: the stack's where every target takes it, else a
 * slug of it with a digest, since stacks may also have dots, underscores and a hundred characters.
 */
export function platformName(stack: string): string {
  const longest = 32;
  const plain = slug(stack);
  return plain === stack && plain.length <= longest
    ? stack
    : worldwide(plain, [stack], { longest, separator: "-" });
}

/** A GUID made from the parts, for interfaces that want one chosen by the caller. */
export function guid(parts: readonly string[]): string {
  const hex = digest(parts, 32);
  // Version 8 (RFC 9562): the bits are the maker's own.
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join("-");
}
