/** Something that still carries the mark of a stack. */
export interface Leftover {
  readonly type: string;
  readonly id: string;
  /** Region, zone or folder. */
  readonly place: string;
  readonly owner: string;
  readonly expiry: string;
}

/** One question to a cloud's command line. */
export interface Question {
  readonly command: string;
  readonly args: readonly string[];
  /** Parses the leftovers of the stack from the response. @throws when the response has another form. */
  read(answer: string): Leftover[];
}

/** Checks that a listed resource exists: clouds list deleted resources for a while. */
export interface EndCheck {
  readonly command: string;
  readonly args: readonly string[];
  /** Answers, or errors, that say that it is gone or going. */
  readonly gone: RegExp;
}

/** Each once, in order of type and name. */
export function distinct(leftovers: readonly Leftover[]): Leftover[] {
  const byId = new Map(leftovers.map((one) => [one.id, one]));
  return [...byId.values()].sort((one, other) =>
    `${one.type} ${one.id}`.localeCompare(`${other.type} ${other.id}`),
  );
}
