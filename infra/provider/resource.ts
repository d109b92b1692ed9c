import type { z } from "zod";

import type { Problem } from "../problem";

/** Engine services that a resource's operation may use. */
export interface Context {
  /** URN of the resource: it names stack and project, and so who owns what is made. */
  readonly urn: string;
  /** Aborted when the operation is cancelled or has reached its time limit; work then stops and removes what it has made. */
  readonly signal: AbortSignal;
  /** Shows a line of progress beside the resource. */
  log(message: string): void;
}

/**
 * Effect of changed inputs. A changed input in neither list is an error: it cannot be changed. So an input that a
 * release adds never replaces a resource that holds data.
 */
export interface Difference {
  /** Inputs whose change can be carried out in place. */
  readonly update?: readonly string[];
  /** Inputs whose change needs a new resource, even if `update` names them; the old one is deleted first. */
  readonly replace?: readonly string[];
  /** Outputs that no longer hold, such as that something runs; an update puts them right. */
  readonly drifted?: readonly string[];
}

/**
 * An operation that failed after it had made something. The engine keeps ID and outputs in the state, so that the next
 * `up` updates the resource and `down` deletes all of it.
 */
export class PartialFailure extends Error {
  /**
   * @param id of what has been made
   * @param outs what holds by now, inputs included where they differ from those asked for
   */
  constructor(
    readonly id: string,
    readonly outs: object,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
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
  /**
   * Schema of the outputs as the state keeps them, inputs included; a state can be edited, so `diff`, `read`, `update`
   * and `delete` get only what fulfils it. By default the inputs among them must fulfil `schema`.
   */
  readonly stored?: z.ZodType<Outs>;
  /** Outputs kept secret, beside every input that arrived as one. */
  readonly secretOutputs?: readonly string[];
  /** Outputs that no update changes; in the preview of an update every other output that `preview` does not tell is unknown. */
  readonly kept?: readonly string[];
  /** Problems that the schema alone cannot see; called with valid and fully known inputs only. */
  check?(inputs: Inputs): Promise<Problem[]> | Problem[];
  /** Without it, every changed input replaces the resource. */
  diff?(
    id: string,
    outs: Outs,
    olds: Inputs,
    news: Inputs,
  ): Promise<Difference> | Difference;
  /** Outputs that are known before anything is made. */
  preview?(inputs: Inputs): Promise<Partial<Outs>> | Partial<Outs>;
  /** Seconds that `create`, `read`, `update` and `delete` may each take; 3600 by default. The option `customTimeouts` overrides it. */
  limitSeconds?(values: Inputs): number;
  /** @throws {PartialFailure} when something has been made that must be kept in the state */
  create(inputs: Inputs, context: Context): Promise<{ id: string; outs: Outs }>;
  /** @throws {PartialFailure} when something has changed before the failure */
  update?(
    id: string,
    outs: Outs,
    news: Inputs,
    context: Context,
  ): Promise<{ outs: Outs }>;
  /** Outputs as they are; an input among them that differs from the declared one is put right by the next update. `undefined` when the resource is gone. */
  read?(
    id: string,
    outs: Outs,
    context: Context,
  ): Promise<{ outs: Outs } | undefined>;
  /** Takes over by its ID what no state knows; without it the kind cannot be imported. `undefined` when there is nothing of that ID. */
  import?(
    id: string,
    context: Context,
  ): Promise<{ inputs: Inputs; outs: Outs } | undefined>;
  delete?(id: string, outs: Outs, context: Context): Promise<void>;
}
