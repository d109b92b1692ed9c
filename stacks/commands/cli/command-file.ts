import type { Command } from "@commander-js/extra-typings";

/** Definition of a command beside its options. */
export interface Invocation {
  /** Words after `--`, for Pulumi. */
  readonly passed: readonly string[];
  /** The whole program, for what describes it. */
  readonly program: Command;
}

/** Exports of a command's file. */
export interface CommandFile {
  /** Gives the command its options, its examples and its action. */
  define(command: Command, invocation: Invocation): void;
}

/** A command as the program lists it; its file is loaded when it is the one to run. */
export interface CommandEntry {
  readonly summary: string;
  readonly load: () => CommandFile;
  /** Whether what follows `--` goes to Pulumi. */
  readonly passes?: boolean;
  /** Whether all that follows the command's name is for another program. */
  readonly raw?: boolean;
  /** Whether only machines use it. */
  readonly hidden?: boolean;
}
