import { z } from "zod";

import { aks } from "./aks";
import { eks } from "./eks";
import { existing } from "./existing";
import { gke } from "./gke";
import { kapsule } from "./kapsule";
import { local } from "./local";
import { onprem } from "./onprem";
import type { NodePool, Platform } from "./platform";
import type { NodeSize } from "./pools/machine-types";
import type { TargetCosts } from "./prices/bill";
import type { Problem } from "./problem";
import type { NameLimit } from "./names/name-limits";
import type { PolicyFacts } from "./policy-facts";
import type { PriceList } from "./prices/refresh/listed";
import type { StandIn } from "./supply/plugins/clouds/stand-in";
import type {
  Access,
  Audit,
  Plugin,
  ShortLived,
  Target,
  TargetRequest,
} from "./target";

/** The part of a stack's configuration that says where it runs. */
export const targetSchema = z.discriminatedUnion("kind", [
  local.schema,
  existing.schema,
  eks.schema,
  gke.schema,
  aks.schema,
  onprem.schema,
  kapsule.schema,
]);

/** Configuration of a target, of whichever kind. */
export type TargetConfig = z.output<typeof targetSchema>;

/** A kind of place that a stack can name as its target. */
export type TargetKind = TargetConfig["kind"];

type ConfigOf<Kind extends TargetKind> = Extract<TargetConfig, { kind: Kind }>;

const registry: { [Kind in TargetKind]: Target<Kind, ConfigOf<Kind>> } = {
  local,
  existing,
  eks,
  gke,
  aks,
  onprem,
  kapsule,
};

/** Problems of a target's settings and pools. */
export function checkTarget<Kind extends TargetKind>(
  kind: Kind,
  pools: readonly NodePool[],
  target: ConfigOf<Kind>,
): readonly Problem[] {
  return registry[kind].checkPools(pools, target);
}

/** Ranges on a target of the kind that only what is named leads into. */
export function closedRanges<Kind extends TargetKind>(
  kind: Kind,
  target: ConfigOf<Kind>,
): readonly string[] {
  return registry[kind].clusterNetwork(target).closed;
}

/** Resources of a pool's node on a target, where known. */
export function nodeSize(
  kind: TargetKind,
  pool: NodePool,
): NodeSize | undefined {
  const target: { nodeSize?(pool: NodePool): NodeSize | undefined } =
    registry[kind];
  return target.nodeSize?.(pool);
}

/** Prices of a target; undefined where nothing is billed by the hour. */
export function costsOf<Kind extends TargetKind>(
  kind: Kind,
): TargetCosts<ConfigOf<Kind>> | undefined {
  const target: { costs?(): TargetCosts<ConfigOf<Kind>> } = registry[kind];
  return target.costs?.();
}

/** Makes the platform on a target of the kind. */
export function provision<Kind extends TargetKind>(
  kind: Kind,
  request: TargetRequest<ConfigOf<Kind>>,
): Platform {
  return registry[kind].provision(request);
}

/** Static declarations of all targets. */
type AnyTarget = Omit<
  Target<TargetKind, never>,
  "schema" | "checkPools" | "clusterNetwork" | "costs" | "provision"
>;

const all: readonly AnyTarget[] = Object.values(registry);

function targetOf(kind: unknown): AnyTarget | undefined {
  return all.find((target) => target.kind === kind);
}

/** Kinds of places to run on. */
export const targetKinds: readonly string[] = Object.keys(registry);

/** Whether a kind is on somebody's own machine: nothing of it is to be seen from anywhere else. */
export function isOnOwnMachine(kind: string): boolean {
  return targetOf(kind)?.onOwnMachine === true;
}

/** The Pulumi package of a kind's own resources; undefined where it makes none, or there is no such kind. */
export function pluginOf(kind: string | undefined): Plugin | undefined {
  return targetOf(kind)?.plugin;
}

/** Programs and login that a target needs; undefined where it needs none. */
export function accessOf(kind: string | undefined): Access | undefined {
  return targetOf(kind)?.access;
}

/** Rules for short-lived stacks of a kind. */
export function shortLivedOf(kind: string): ShortLived | undefined {
  return targetOf(kind)?.shortLived;
}

/** Kinds of targets on which stacks stand side by side; the others have one machine, or one set of hosts. */
export const shareableTargets: readonly string[] = all
  .filter(({ shortLived }) => shortLived)
  .map(({ kind }) => kind);

/** Kinds that an audit knows, with the setting that says where to look. */
export const audited: readonly (Pick<Audit, "place"> & {
  readonly kind: string;
})[] = all.flatMap(({ kind, audit }) =>
  audit ? [{ kind, place: audit.place }] : [],
);

const kindSchema = z.looseObject({
  kind: z.string().refine((kind) => audited.some((one) => one.kind === kind)),
});

/**
 * Audit of a target's kind.
 *
 * @param target its settings, unchecked
 * @throws {z.ZodError} where it is of no kind that an audit knows
 */
export function auditOf(target: unknown): Audit {
  const { kind } = kindSchema.parse(target);
  const audit = targetOf(kind)?.audit;
  if (!audit) throw new Error(`${kind} is not audited`);
  return audit;
}

/** Facts of every target for the policy rules. */
export const policyFacts: readonly PolicyFacts[] = all.flatMap(
  ({ policy }) => policy ?? [],
);

/** Limited names of every kind's own resources. */
export const targetNameLimits: readonly NameLimit[] = all.flatMap(
  ({ nameLimits }) => Object.values(nameLimits ?? {}),
);

/** Packages that the generic plugin stands in for. */
export function pluginsWithStandIn(): readonly {
  readonly plugin: Plugin;
  readonly standIn: StandIn;
}[] {
  return all.flatMap((target) =>
    target.plugin && target.standIn
      ? [{ plugin: target.plugin, standIn: target.standIn() }]
      : [],
  );
}

/** Lists of machines' prices, by kind. */
export function priceLists(): readonly (readonly [string, PriceList])[] {
  return all.flatMap((target) =>
    target.priceList ? [[target.kind, target.priceList()] as const] : [],
  );
}
