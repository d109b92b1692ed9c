import { z } from "zod";

import { aks } from "./aks";
import { eks } from "./eks";
import { existing } from "./existing";
import { gke } from "./gke";
import { local } from "./local";
import { onprem } from "./onprem";
import type { NodePool, Platform } from "./platform";
import type { NodeSize } from "./pool-rules";
import type { TargetCosts } from "./prices/bill";
import type { Problem } from "./problem";
import type { Target, TargetRequest } from "./target";

/** The part of a stack's configuration that says where it runs. */
export const targetSchema = z.discriminatedUnion("kind", [
  local.schema,
  existing.schema,
  eks.schema,
  gke.schema,
  aks.schema,
  onprem.schema,
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
};

/** What a target of the kind refuses about itself and the pools. */
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

/** What a node of a pool has on a target of the kind, where that is known. */
export function nodeSize(
  kind: TargetKind,
  pool: NodePool,
): NodeSize | undefined {
  const target: { nodeSize?(pool: NodePool): NodeSize | undefined } =
    registry[kind];
  return target.nodeSize?.(pool);
}

/** What a target of the kind costs; undefined where nothing of it is paid for by the hour. */
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
