/** Longest that a run holds a stack; what holds it for longer was killed. */
const longestRun = 6 * 3_600_000;

/**
 * Whether the engine refused a stack for locks alone that are older than any run.
 *
 * @param error as the engine words it: a line per lock, which ends in the instant of its creation
 */
export function isOldLock(error: string, now: Date): boolean {
  if (!/the stack is currently locked by/.test(error)) return false;
  const instants = [
    ...error.matchAll(/created by .* at (\d{4}-\d\d-\d\dT\S+)/g),
  ].map(([, instant = ""]) => Date.parse(instant));
  return (
    instants.length > 0 &&
    instants.every((instant) => now.getTime() - instant > longestRun)
  );
}
