/** Kubernetes as numbers; the patch is 0 where the text has none. */
export function versionOf(text: string): readonly [number, number, number] {
  const [major = 0, minor = 0, patch = 0] = text
    .replace(/^v/, "")
    .split(/[.+-]/)
    .map(Number);
  return [major, minor, patch];
}

/** Negative where one is older than the other, 0 where they are the same. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [versionOf(one), versionOf(other)];
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** Why Kubernetes goes from no version to the other in one step; undefined where it does. */
export function refuseUpgrade(from: string, to: string): string | undefined {
  if (compareVersions(to, from) < 0) {
    return `the cluster runs ${from}, and Kubernetes does not go back; write ${from} or newer`;
  }
  const [[major, minor], [newMajor, newMinor]] = [
    versionOf(from),
    versionOf(to),
  ];
  return major !== newMajor || newMinor > minor + 1
    ? `the cluster runs ${from}, and Kubernetes goes one minor version at a time; write ${major}.${minor + 1}.x first`
    : undefined;
}
