/** A range of IPv4 addresses: the first one as a number, and the length of its prefix. */
export interface Subnet {
  readonly base: number;
  readonly prefix: number;
}

/** Reads `10.89.0.0/24`; `undefined` when it is no IPv4 range or has bits set behind its prefix. */
export function parseSubnet(text: string): Subnet | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text);
  if (!match) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  if (Math.max(a, b, c, d) > 255 || prefix > 32) return undefined;
  const base = ((a * 256 + b) * 256 + c) * 256 + d;
  return base % sizeOf(prefix) === 0 ? { base, prefix } : undefined;
}

/** The same for text that was checked before. */
export function subnetOf(text: string): Subnet {
  const subnet = parseSubnet(text);
  if (!subnet) throw new Error(`${text} is not an IPv4 subnet`);
  return subnet;
}

/** The address at a position; a negative position counts from the end. */
export function addressAt({ base, prefix }: Subnet, position: number): string {
  return dotted(position < 0 ? base + sizeOf(prefix) + position : base + position);
}

/** The `index`-th part of a range when it is cut into parts of a longer prefix. */
export function partOf(subnet: Subnet, prefix: number, index: number): string {
  const base = subnet.base + index * sizeOf(prefix);
  if (index < 0 || index >= 2 ** (prefix - subnet.prefix)) {
    throw new Error(`${dotted(subnet.base)}/${subnet.prefix} has no part ${index} of prefix ${prefix}`);
  }
  return `${dotted(base)}/${prefix}`;
}

/** Whether two ranges share an address. */
export function overlaps(one: Subnet, other: Subnet): boolean {
  return (
    one.base < other.base + sizeOf(other.prefix) &&
    other.base < one.base + sizeOf(one.prefix)
  );
}

function sizeOf(prefix: number): number {
  return 2 ** (32 - prefix);
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}
