import { join } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";

/** Root of the checkout. */
export const root = join(__dirname, "../..");

/** A mistake of the person at the keyboard, or of what they run on: shown as its message alone. */
export class CommandError extends Error {}

/** Runs a command: an expected failure is one line and exit code 1. */
export function runCommand(main: () => Promise<number | void>): void {
  main().then(
    (code) => {
      process.exitCode = code ?? 0;
    },
    (error: unknown) => {
      const expected = error instanceof CommandError;
      const text =
        error instanceof Error
          ? expected
            ? error.message
            : (error.stack ?? error.message)
          : String(error);
      process.stderr.write(`mlstack: ${text}\n`);
      process.exitCode = 1;
    },
  );
}

/** Reads a command's options. @throws {CommandError} on one that it does not have. */
export function readOptions<
  const Options extends NonNullable<ParseArgsConfig["options"]>,
>(options: Options) {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    const known = Object.keys(options).map((name) => `--${name}`);
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      `${reason.split(". ")[0]}; the options are ${known.join(", ")}`,
    );
  }
}

/** Folder of what a stack leaves on this machine: report, kubeconfig. */
export function stackFolder(stack: string): string {
  return join(root, ".mlstack", stack);
}
