/** Notes what is wrong with a key of the step: where, what stands there, and what to write instead. */
export type Report = (
  path: readonly PropertyKey[],
  value: unknown,
  remedy: string,
) => void;
