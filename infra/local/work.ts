/** Owner of a cluster operation, how it reports progress, and how it is cancelled. */
export interface Work {
  /** Whoever may remove what an earlier run under the same name left: the URN of the resource. */
  readonly owner: string;
  readonly signal: AbortSignal;
  log(message: string): void;
}
