import { z } from "zod";

import type { Problem } from "../problem";

/** An IPv4 range: its first address as a number, and the bits of its prefix. */
export interface Cidr {
  readonly first: number;
  readonly bits: number;
}

/** Reads `10.0.0.0/16`; undefined when it is no range, or names an address inside one. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text);
  if (!match) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number);
  if (bits > 32 || [a, b, c, d].some((octet) => octet > 255)) return undefined;
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  return first % 2 ** (32 - bits) === 0 ? { first, bits } : undefined;
}

/** Writes a range in the form that {@link parseCidr} reads. */
export function formatCidr({ first, bits }: Cidr): string {
  const octets = [24, 16, 8, 0].map((shift) => (first >>> shift) & 255);
  return `${octets.join(".")}/${bits}`;
}

/** Whether two ranges share an address. */
export function overlaps(one: Cidr, other: Cidr): boolean {
  const shift = 2 ** (32 - Math.min(one.bits, other.bits));
  return Math.floor(one.first / shift) === Math.floor(other.first / shift);
}

/** The n-th subnet of `range` with `moreBits` added to its prefix. */
export function subnet(range: string, moreBits: number, n: number): string {
  const outer = parseCidr(range);
  if (!outer) throw new RangeError(`${range} is not a CIDR range`);
  const bits = outer.bits + moreBits;
  if (bits > 32 || n >= 2 ** moreBits) {
    throw new RangeError(`${range} has no subnet ${n} of /${bits}`);
  }
  return formatCidr({ first: outer.first + n * 2 ** (32 - bits), bits });
}

/** The n-th address of `range`. */
export function address(range: string, n: number): string {
  const { first } = parseCidr(range) ?? { first: 0 };
  return formatCidr({ first: first + n, bits: 32 }).replace("/32", "");
}

/** A range with a prefix between two lengths. */
export function cidr(shortest: number, longest: number) {
  return z.string().refine(
    (text) => {
      const range = parseCidr(text);
      return range && range.bits >= shortest && range.bits <= longest;
    },
    {
      error: `write an IPv4 range by its first address, prefix /${shortest} to /${longest}, such as 10.20.0.0/${shortest}`,
    },
  );
}

/**
 * A range for pods that has fewer ranges of one node's than there are nodes.
 *
 * @param bits prefix of one node's range
 */
export function checkPodRanges(
  path: string,
  value: string,
  bits: number,
  nodes: number,
): readonly Problem[] {
  const range = parseCidr(value);
  if (!range) return [];
  const most = 2 ** Math.max(0, bits - range.bits);
  if (nodes <= most) return [];
  const needed = bits - Math.ceil(Math.log2(nodes));
  const remedy = `holds the pods of ${most} nodes, /${bits} each, and there are up to ${nodes}; write a range of /${needed} or wider`;
  return [{ path, value, remedy }];
}

/** Every pair among the ranges that shares addresses; each names the later one. */
export function checkOverlaps(
  ranges: readonly { readonly path: string; readonly value: string }[],
): readonly Problem[] {
  return ranges.flatMap((later, index) =>
    ranges.slice(0, index).flatMap((earlier) => {
      const [one, other] = [parseCidr(earlier.value), parseCidr(later.value)];
      if (!one || !other || !overlaps(one, other)) return [];
      const remedy = `overlaps ${earlier.path} (${earlier.value}); choose a range outside it`;
      return [{ path: later.path, value: later.value, remedy }];
    }),
  );
}
