/** Seconds that an operation has to stop and tidy up, once it is cancelled or late, before its call is answered without it. */
const tidyingSeconds = 600;

/** Calls under way: each has a time limit, and all can be cancelled. */
export class Calls {
  private readonly cancellation = new AbortController();
  private underWay = 0;

  constructor(private readonly tidying = tidyingSeconds) {}

  /** Number of operations that have not ended, including those whose call was answered early. */
  get unfinished(): number {
    return this.underWay;
  }

  /** Aborts every operation that is under way or is still to come. */
  cancel(): void {
    this.cancellation.abort(
      new Error("cancelled before it ended; the next `up` resumes it"),
    );
  }

  /**
   * Runs an operation.
   *
   * @param seconds after which it is aborted
   * @throws when it fails, is cancelled or has not ended in time
   */
  async run<Result>(
    seconds: number,
    operation: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    this.cancellation.signal.throwIfAborted();
    const limit = new AbortController();
    const late = new Error(
      `not done within ${seconds} s; the option customTimeouts of the resource allows more`,
    );
    const timer = setTimeout(() => limit.abort(late), seconds * 1_000);
    const signal = AbortSignal.any([this.cancellation.signal, limit.signal]);
    this.underWay++;
    const work = (async () => operation(signal))().finally(() => {
      this.underWay--;
      clearTimeout(timer);
    });
    return Promise.race([work, this.abandoned(signal, work)]);
  }

  /** Rejects once an aborted operation has had its time to stop. */
  private abandoned(signal: AbortSignal, work: Promise<unknown>) {
    return new Promise<never>((_resolve, reject) => {
      const abort = () => {
        const timer = setTimeout(
          () => reject(signal.reason as Error),
          this.tidying * 1_000,
        );
        void work.then(
          () => clearTimeout(timer),
          () => clearTimeout(timer),
        );
      };
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort, { once: true });
    });
  }
}
