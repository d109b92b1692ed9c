import { CommandFailed, run } from "../supply/process";
import {
  distinct,
  type EndCheck,
  type Leftover,
  type Question,
} from "./leftover";

/** Why it cannot be said what is left. */
export class CannotLook extends Error {}

/** A cloud's command line, and its listing of resources that have ended. */
export interface CommandLine {
  /** Instructions for installation and login. */
  readonly hint: string;
  /** Check whether a listed resource has ended; undefined for types that are listed only while they exist. */
  endCheck?(leftover: Leftover): EndCheck | undefined;
}

/** Everything that a cloud still has of a stack. @throws {CannotLook} when it does not answer. */
export async function ask(
  questions: readonly Question[],
  commandLine: CommandLine,
): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const question of questions) {
    found.push(...question.read(await answer(question, commandLine)));
  }
  const there = await Promise.all(
    distinct(found).map(async (one) => {
      const check = commandLine.endCheck?.(one);
      return check && (await ended(check)) ? [] : [one];
    }),
  );
  return there.flat();
}

async function answer(
  { command, args }: Question,
  { hint }: CommandLine,
): Promise<string> {
  try {
    return await run(command, args);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new CannotLook(`${text}\n${command}: ${hint}`);
  }
}

async function ended({ command, args, gone }: EndCheck): Promise<boolean> {
  try {
    return gone.test(await run(command, args));
  } catch (error) {
    // The cloud's client fails with NotFound for a resource that no longer exists. Any other error proves nothing.
    return (
      error instanceof CommandFailed &&
      error.lastLines.some((line) => /NotFound/.test(line))
    );
  }
}
