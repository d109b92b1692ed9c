/** Who makes a cluster, how the work tells of itself, and how it is ended early. */
export interface Work {
  /** Whoever may remove what an earlier run under the same name left: the URN of the resource. */
  readonly owner: string;
  readonly signal: AbortSignal;
  log(message: string): void;
}
