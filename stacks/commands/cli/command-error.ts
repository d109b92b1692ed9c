/** A mistake of the person at the keyboard, or of what they run on: shown as its message alone. */
export class CommandError extends Error {}
