import { z } from "zod";

import { isSystemPool } from "../../infra/pool-rules";
import { secretPlaceholder } from "../../infra/secret-placeholder";

/** Kinds of targets on which stacks stand side by side; the others have one machine, or one set of hosts. */
export const shareableTargets = ["eks", "gke", "aks"] as const;

const poolSchema = z.looseObject({
  name: z.string(),
  min: z.number(),
  max: z.number(),
  spot: z.boolean().default(false),
  gpu: z.looseObject({ count: z.number() }).optional(),
});

const sourceSchema = z.looseObject({
  "mlstack:target": z.looseObject({ kind: z.enum(shareableTargets) }),
  "mlstack:pools": z.array(poolSchema).optional(),
});

type Pool = z.output<typeof poolSchema>;
type Source = z.output<typeof sourceSchema>;

/** What a short-lived stack has of its own. */
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
  return {
    ...withoutSecrets(config),
    "mlstack:target": cheaper(config["mlstack:target"]),
    ...(pools && {
      "mlstack:pools": smaller(pools, config["mlstack:target"].kind),
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
  kind: (typeof shareableTargets)[number],
): Pool[] {
  const system = pools.find(isSystemPool);
  return pools.map((pool) =>
    pool === system
      ? {
          ...pool,
          // AKS has a pool of its own for the cluster's services.
          min: kind === "aks" ? 0 : 1,
          max: Math.min(pool.max, 2),
        }
      : {
          ...pool,
          min: 0,
          max: Math.min(pool.max, pool.gpu ? 1 : 2),
          spot: true,
        },
  );
}

function cheaper(target: Source["mlstack:target"]): object {
  switch (target.kind) {
    case "eks":
      return {
        ...target,
        ...(isObject(target["network"]) && {
          network: { ...target["network"], nat: "single" },
        }),
        logDays: 7,
      };
    case "gke":
    case "aks":
      return target;
  }
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
