import type { z } from "zod";

import type { Problem } from "../problem";

/** Plain property values, as they travel between the engine and a resource. */
export type Properties = Readonly<Record<string, unknown>>;

/** What a resource's work may use of the engine. */
export interface Context {
  /** URN of the resource: it names stack and project, and so who owns what is made. */
  readonly urn: string;
  /** Aborted when the operation is cancelled; work then stops and removes what it has made. */
  readonly signal: AbortSignal;
  /** Shows a line of progress beside the resource. */
  log(message: string): void;
}

/** How old and new inputs differ, beyond what comparing them property by property says. */
export interface Difference {
  /** Inputs whose change can be carried out in place. */
  readonly update?: readonly string[];
  /** Inputs whose change needs a new resource; the old one is deleted first. */
  readonly replace?: readonly string[];
}

/** A resource as the engine keeps it. */
export interface Stored {
  readonly id: string;
  readonly outs: Properties;
}

/**
 * A kind of resource. Methods are declared as such, not as properties, so that a kind with narrow inputs is still
 * a kind.
 */
export interface ResourceKind<
  Inputs extends object = Properties,
  Outs extends object = Properties,
> {
  /** Type token, such as `mlstack:index:LocalCluster`. */
  readonly type: string;
  /** Strict schema of the inputs; its defaults are filled in before anything else sees them. */
  readonly schema: z.ZodType<Inputs>;
  /** Outputs kept secret, beside every input that arrived as one. */
  readonly secretOutputs?: readonly string[];
  /** Problems that the schema alone cannot see; called with valid and fully known inputs only. */
  check?(inputs: Inputs): Promise<Problem[]> | Problem[];
  /** Without it, every changed input replaces the resource. */
  diff?(
    id: string,
    outs: Outs,
    olds: Inputs,
    news: Inputs,
  ): Promise<Difference> | Difference;
  create(inputs: Inputs, context: Context): Promise<{ id: string; outs: Outs }>;
  update?(
    id: string,
    outs: Outs,
    news: Inputs,
    context: Context,
  ): Promise<{ outs: Outs }>;
  /** `undefined` when the resource is gone. */
  read?(
    id: string,
    outs: Outs,
    context: Context,
  ): Promise<{ outs: Outs } | undefined>;
  delete?(id: string, outs: Outs, context: Context): Promise<void>;
}
