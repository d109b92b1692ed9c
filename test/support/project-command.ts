import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "../..");

/** How a command ended, and what it printed on either stream. */
export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** A command that runs, as the leader of its own process group. */
export interface RunningCommand {
  readonly child: ChildProcess;
  readonly end: Promise<Outcome>;
}

/** Where a command runs, and what goes to its standard input. */
export interface CommandOptions {
  /** Folder of the checkout; this one unless given. */
  readonly checkout?: string;
  readonly input?: string;
}

/** Starts `npm run COMMAND -- ...args`, as a person does. */
export function startCommand(
  command: string,
  args: readonly string[],
  { checkout = root, input }: CommandOptions = {},
): RunningCommand {
  const child = spawn("npm", ["run", "-s", command, "--", ...args], {
    cwd: checkout,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  child.stdin.end(input);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return {
    child,
    end: new Promise((resolve) =>
      child.once("close", (code) => resolve({ code, output })),
    ),
  };
}

/** Runs a command that must succeed. @returns what it printed */
export async function succeed(
  command: string,
  args: readonly string[],
  options?: CommandOptions,
): Promise<string> {
  const { code, output } = await startCommand(command, args, options).end;
  assert.equal(code, 0, output.slice(-4000));
  return output;
}
