import { z } from "zod";

import { shareableTargets, shortLivedOf } from "../../infra";
import type { ShortLived } from "../../infra/target";
import { isSystemPool } from "../../infra/pools/machine-types";
import { secretPlaceholder } from "../../infra/secret-placeholder";

const poolSchema = z.looseObject({
  name: z.string(),
  min: z.number(),
  max: z.number(),
  spot: z.boolean().default(false),
  gpu: z.looseObject({ count: z.number() }).optional(),
});

const sourceSchema = z.looseObject({
  "mlstack:target": z.looseObject({
    kind: z.string().refine((kind) => shareableTargets.includes(kind)),
  }),
  "mlstack:pools": z.array(poolSchema).optional(),
});

type Pool = z.output<typeof poolSchema>;

/** Settings of a short-lived stack. */
export interface Ephemeral {
  /** ISO instant. */
  readonly expiry: string;
  readonly owner?: string;
}

/**
 * The configuration of a short-lived stack from that of a long-lived one: few nodes, spot where that can be, buckets
 * that go with all that is in them, and an expiry. @throws {z.ZodError} when the source cannot be derived from.
 */
export function deriveEphemeral(
  source: Readonly<Record<string, unknown>>,
  { expiry, owner }: Ephemeral,
): Record<string, unknown> {
  const config = sourceSchema.parse(source);
  const pools = config["mlstack:pools"];
  const shortLived = shortLivedOf(config["mlstack:target"].kind);
  return {
    ...withoutSecrets(config),
    "mlstack:target":
      shortLived?.cheaper?.(config["mlstack:target"]) ??
      config["mlstack:target"],
    ...(pools && {
      "mlstack:pools": smaller(pools, shortLived),
    }),
    // A short life is what lets buckets be deleted with their objects.
    "mlstack:lifetime": "short",
    "mlstack:expiry": expiry,
    ...(owner !== undefined && { "mlstack:owner": owner }),
    "mlstack:buckets": { versioned: false, expireNoncurrentDays: 1 },
  };
}

/** One pool stays as sure as before, for the cluster's own services; all others wait for work at zero. */
function smaller(
  pools: readonly Pool[],
  shortLived: ShortLived | undefined,
): Pool[] {
  const system = pools.find(isSystemPool);
  return pools.map((pool) =>
    pool === system
      ? {
          ...pool,
          min: shortLived?.systemNodes ?? 1,
          max: Math.min(pool.max, 2),
        }
      : {
          ...pool,
          min: 0,
          max: Math.min(pool.max, pool.gpu ? 1 : 2),
          spot: shortLived?.spot ?? true,
        },
  );
}

/** Keys whose values hold a secret: encrypted for the source alone, Pulumi must copy them. */
export function secretKeys(
  config: Readonly<Record<string, unknown>>,
): string[] {
  return Object.keys(config).filter((key) => holdsSecret(config[key]));
}

function withoutSecrets(config: Readonly<Record<string, unknown>>) {
  const secret = secretKeys(config);
  return Object.fromEntries(
    Object.entries(config).filter(([key]) => !secret.includes(key)),
  );
}

/** The value with a text in place of each secret, so that it can be checked without reading them. */
export function withPlaceholders(value: unknown): unknown {
  if (isSecret(value)) return secretPlaceholder;
  if (Array.isArray(value)) return value.map(withPlaceholders);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withPlaceholders(item)]),
  );
}

function holdsSecret(value: unknown): boolean {
  if (isSecret(value)) return true;
  if (Array.isArray(value)) return value.some(holdsSecret);
  return isObject(value) && Object.values(value).some(holdsSecret);
}

function isSecret(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.keys(value).join() === "secure" &&
    typeof value["secure"] === "string"
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
