import { setTimeout as pause } from "node:timers/promises";

/** Asks again and again until there is an answer; past the time limit, the error comes from `describe`. */
export async function until<T>(
  ask: () => Promise<T | undefined>,
  options: {
    readonly signal: AbortSignal;
    readonly seconds: number;
    readonly everyMilliseconds: number;
    readonly describe: () => Promise<string> | string;
  },
): Promise<T> {
  const end = Date.now() + options.seconds * 1000;
  for (;;) {
    options.signal.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(await options.describe());
    await pause(options.everyMilliseconds, undefined, {
      signal: options.signal,
    });
  }
}

/** Waits until all have ended, and then fails if one has: what goes on must not meet the removal of what was made. */
export async function allOf(work: readonly Promise<unknown>[]): Promise<void> {
  const ends = await Promise.allSettled(work);
  const failed = ends.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}
