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
