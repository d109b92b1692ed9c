import type { z } from "zod";

import type { Leftover } from "./audit/leftover";
import type { NameLimit } from "./names/name-limits";
import type { ClusterNetwork, NodePool, Platform } from "./platform";
import type { PolicyFacts } from "./policy-facts";
import type { NodeSize } from "./pools/machine-types";
import type { TargetCosts } from "./prices/bill";
import type { PriceList } from "./prices/refresh/listed";
import type { Problem } from "./problem";
import type { StandIn } from "./supply/plugins/clouds/stand-in";

/** Tags of every resource of a stack, by which an audit finds leftovers. */
export interface Tags {
  readonly stack: string;
  readonly owner: string;
  /** ISO instant after which a short-lived stack may be removed; absent in long-lived ones. */
  readonly expiry?: string;
}

/** Long-lived stacks protect what cannot be made again; short-lived ones leave nothing behind. */
export type Lifetime = "long" | "short";

/** Arguments of `provision`. */
export interface TargetRequest<Config> {
  /** Name of the platform, first part of the names of everything in it. */
  readonly name: string;
  /** The part of the stack's configuration that belongs to this kind of target. */
  readonly target: Config;
  readonly pools: readonly NodePool[];
  readonly tags: Tags;
  readonly lifetime: Lifetime;
}

/** The Pulumi package of a target's provider. */
export interface Plugin {
  /** First part of its resources' types; its plugin is the program `pulumi-resource-NAME`. */
  readonly name: string;
  /** The package as npm has it. */
  readonly npm: string;
}

/** Programs and login that a person needs to reach a target. */
export interface Access {
  /** Programs, with what each is for. */
  readonly programs: Readonly<Record<string, string>>;
  /** A call that only a person who is logged in can make, and how to log in. */
  readonly login?: { readonly call: readonly string[]; readonly by: string };
}

/** Search for a destroyed stack's leftovers. */
export interface Audit {
  /** Setting of the target that says where to look; without one, that is known. */
  readonly place?: string;
  /**
   * Resources that still exist.
   *
   * @param target settings of a target of the kind, unchecked
   * @param from.own whether they are the stack's own, and not those of one like it
   * @throws {z.ZodError} where the settings do not say where to look
   * @throws {CannotLook} where nobody answers
   */
  look(
    stack: string,
    target: unknown,
    from: { readonly own: boolean },
  ): Promise<readonly Leftover[]>;
}

/** Rules for a short-lived copy of a long-lived stack of the target. */
export interface ShortLived {
  /** Fewest nodes of the pool that the cluster's own services run in: 0 where they have one of their own. */
  readonly systemNodes: 0 | 1;
  /** Whether the provider has interruptible capacity; it has unless told otherwise. */
  readonly spot?: false;
  /** The target's settings with what costs less in their place. */
  cheaper?(
    target: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>>;
}

/** One kind of place to run on: how its configuration reads, which pools it takes, how it is made. */
export interface Target<
  Kind extends string,
  Config extends { readonly kind: Kind },
> {
  readonly kind: Kind;
  /** Strict object with `kind: z.literal(…)`, so that the union over all targets is discriminated. */
  readonly schema: z.ZodType<Config>;
  /** Problems of the pools, and of the target's settings in view of them. */
  checkPools(pools: readonly NodePool[], target: Config): readonly Problem[];
  /** Cluster addresses that pods may reach, and those that none may. */
  clusterNetwork(target: Config): ClusterNetwork;
  /** Resources of a pool's node; absent or undefined where unknown before the node exists. */
  nodeSize?(pool: NodePool): NodeSize | undefined;
  /** Prices, loaded on demand; absent where nothing is billed by the hour. */
  costs?(): TargetCosts<Config>;
  /** Its machines' prices as the provider lists them, loaded when it is asked for; absent where there is no such list. */
  priceList?(): PriceList;
  /** The Pulumi package that its own resources are of; absent where it makes none. */
  readonly plugin?: Plugin;
  /** Facts for the generic plugin that replaces the package's own, loaded on demand. */
  standIn?(): StandIn;
  /** Set where it is on somebody's own machine, so that no pull request can preview it elsewhere. */
  readonly onOwnMachine?: true;
  readonly access?: Access;
  readonly audit?: Audit;
  /** Absent where stacks do not stand side by side: on one machine, or one set of hosts. */
  readonly shortLived?: ShortLived;
  /** Facts of its own resources for the policy rules. */
  readonly policy?: PolicyFacts;
  /** Names of its own resources that are limited. */
  readonly nameLimits?: Readonly<Record<string, NameLimit>>;
  /** Registers everything up to a cluster that answers; its configuration was checked before. */
  provision(request: TargetRequest<Config>): Platform;
}
