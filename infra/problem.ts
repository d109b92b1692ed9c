/** A mistake in the configuration: where it is, what stands there, and what to write instead. */
export interface Problem {
  /** Path of the value as in the stack's file, such as `pools[1].machineType`. */
  readonly path: string;
  /** The value found, or a `HiddenValue` where it may be a secret. */
  readonly value: unknown;
  /** Remedy, with the choices when they are few. */
  readonly remedy: string;
}

/** Stands in a problem for a value that may be a secret. */
export class HiddenValue {
  /** @param kind such as "a text" */
  constructor(readonly kind: string) {}
}

/** One problem as a line for people. */
export function describeProblem({ path, value, remedy }: Problem): string {
  const shown =
    value === undefined
      ? "missing"
      : value instanceof HiddenValue
        ? `${value.kind}, not shown`
        : JSON.stringify(value);
  return `${path}: ${shown}: ${remedy}`;
}
