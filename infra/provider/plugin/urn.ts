/** Type and name of a resource's URN. */
export function parseUrn(urn: string): {
  readonly type: string;
  readonly name: string;
} {
  const [, , types = "", ...name] = urn.replace(/^urn:pulumi:/, "").split("::");
  return { type: types.split("$").at(-1) ?? "", name: name.join("::") };
}
