const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Longest life of a short-lived stack. */
export const longestTtl = 14 * units.d;

/** Remedy for a time to live. */
export const ttlRemedy =
  "write minutes, hours or days, from 10m to 14d, such as 90m, 4h or 2d";

/** Milliseconds of a time to live such as `4h`; undefined when it is none. */
export function parseTtl(text: string): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,5})([mhd])$/.exec(text) ?? [];
  if (count === undefined || !isUnit(unit)) return undefined;
  const ttl = Number(count) * units[unit];
  return ttl >= 10 * units.m && ttl <= longestTtl ? ttl : undefined;
}

function isUnit(unit: string | undefined): unit is keyof typeof units {
  return unit !== undefined && unit in units;
}

/** The instant after a time to live, in whole seconds as a stack's file has it. */
export function expiryAfter(ttl: number, now: Date): string {
  const seconds = Math.floor((now.getTime() + ttl) / 1000);
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
