/** Numbers of a version, with or without a `v`; undefined for one that is no release. */
function numbersOf(version: string): readonly number[] | undefined {
  const [, numbers] =
    /^v?(\d+(?:\.\d+)*)(?:\+\S*)?(?:\.post\d+)?$/.exec(version) ?? [];
  return numbers?.split(".").map(Number);
}

/** Whether a version comes after another one; false where either is no release. */
export function isNewer(version: string, than: string): boolean {
  const [one, other] = [numbersOf(version), numbersOf(than)];
  if (!one || !other) return false;
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/**
 * The newest release among versions; undefined where none is one.
 *
 * @param like only versions with as much behind the numbers as this one count: tags of images say what they are of there
 */
export function newestOf(
  versions: readonly string[],
  like?: string,
): string | undefined {
  const suffix = like === undefined ? "" : suffixOf(like);
  const found = versions
    .filter((version) => version.endsWith(suffix))
    .map((version) => version.slice(0, version.length - suffix.length))
    .filter((version) => numbersOf(version) !== undefined)
    .filter(
      (version) =>
        like === undefined ||
        // A tag of fewer numbers is a name that moves.
        version.split(".").length ===
          like.slice(0, like.length - suffix.length).split(".").length,
    )
    .reduce<string | undefined>(
      (newest, version) =>
        newest === undefined || isNewer(version, newest) ? version : newest,
      undefined,
    );
  return found === undefined ? undefined : found + suffix;
}

/** Part of an image's tag after the version number, such as `-slim-bookworm`. */
export function suffixOf(tag: string): string {
  return /^v?\d+(?:\.\d+)*(-\S*)?$/.exec(tag)?.[1] ?? "";
}
