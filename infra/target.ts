import type { z } from "zod";

import type { ClusterNetwork, NodePool, Platform } from "./platform";
import type { NodeSize } from "./pool-rules";
import type { TargetCosts } from "./prices/bill";
import type { Problem } from "./problem";

/** What every resource of a stack carries, so that an audit finds what is left of it. */
export interface Tags {
  readonly stack: string;
  readonly owner: string;
  /** ISO instant after which a short-lived stack may be removed; absent in long-lived ones. */
  readonly expiry?: string;
}

/** Long-lived stacks protect what cannot be made again; short-lived ones leave nothing behind. */
export type Lifetime = "long" | "short";

/** What a target is given to make a platform from. */
export interface TargetRequest<Config> {
  /** Name of the platform, first part of the names of everything in it. */
  readonly name: string;
  /** The part of the stack's configuration that belongs to this kind of target. */
  readonly target: Config;
  readonly pools: readonly NodePool[];
  readonly tags: Tags;
  readonly lifetime: Lifetime;
}

/** One kind of place to run on: how its configuration reads, which pools it takes, how it is made. */
export interface Target<
  Kind extends string,
  Config extends { readonly kind: Kind },
> {
  readonly kind: Kind;
  /** Strict object with `kind: z.literal(…)`, so that the union over all targets is discriminated. */
  readonly schema: z.ZodType<Config>;
  /** What this target refuses about the pools, and about its own part in view of them. */
  checkPools(pools: readonly NodePool[], target: Config): readonly Problem[];
  /** What pods may reach of it, and what none does. */
  clusterNetwork(target: Config): ClusterNetwork;
  /** What a node of a pool has; absent, or undefined, where it is not known before the node is there. */
  nodeSize?(pool: NodePool): NodeSize | undefined;
  /** What it costs, loaded when it is asked for; absent where nothing of it is paid for by the hour. */
  costs?(): TargetCosts<Config>;
  /** Registers everything up to a cluster that answers; its configuration was checked before. */
  provision(request: TargetRequest<Config>): Platform;
}
