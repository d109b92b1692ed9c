import type { z } from "zod";

import type { Problem } from "../problem";

/** What a resource's work may use of the engine. */
export interface Context {
  /** URN of the resource: it names stack and project, and so who owns what is made. */
  readonly urn: string;
  /** Aborted when the operation is cancelled; work then stops and removes what it has made. */
  readonly signal: AbortSignal;
  /** Shows a line of progress beside the resource. */
  log(message: string): void;
}

/** What changed inputs mean. An input that is in neither list replaces the resource when it changes. */
export interface Difference {
  /** Inputs whose change can be carried out in place. */
  readonly update?: readonly string[];
  /** Inputs whose change needs a new resource, even if `update` names them; the old one is deleted first. */
  readonly replace?: readonly string[];
  /** Outputs that no longer hold, such as that something runs; an update puts them right. */
  readonly drifted?: readonly string[];
}

/**
 * A kind of resource. Methods are declared as such, not as properties, so that a kind with narrow inputs is still
 * a kind.
 */
export interface ResourceKind<
  Inputs extends object = object,
  Outs extends object = object,
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
  /** Outputs that are known before anything is made; without it, previews know the inputs only. */
  preview?(inputs: Inputs): Promise<Partial<Outs>> | Partial<Outs>;
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
