/** One thing to build or to fetch. */
export interface Step {
  /** Unique; names the log file. */
  readonly id: string;
  /** One line for people. */
  readonly title: string;
  /** Seconds on two cores without caches; the estimate of the time left uses it. */
  readonly minutes: number;
  /** Disk space in the cache; that of a build by default. */
  readonly gibibytes?: number;
  /** Whether it compiles a program, or takes something out of a Go module. */
  readonly needsGo?: boolean;
  /** Steps that must be done before; one that is not in the list is done already. They stand earlier in the list. */
  readonly after?: readonly string[];
  run(context: StepContext): Promise<void>;
}

/** Arguments of a step. */
export interface StepContext {
  /** Log file of the step, empty at its start. */
  readonly log: string;
  /** Aborts when the run is interrupted or another step fails. */
  readonly signal: AbortSignal;
}
