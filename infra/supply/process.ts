import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** Options for running a command. */
export interface RunOptions {
  readonly cwd?: string;
  /** Name of the command in errors, where another program starts it. */
  readonly name?: string;
  /** Added to this process's environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** File to which both outputs are appended; named in the error of a command that fails. */
  readonly log?: string;
  /** Ends the command and all that it started. */
  readonly signal?: AbortSignal;
  readonly input?: string;
  /** Called with each line of both outputs. */
  readonly onLine?: (line: string) => void;
}

/** A failure whose message says all that a person needs; a stack would bury it. */
export class PlainError extends Error {
  constructor(message: string) {
    super(message);
    this.stack = undefined;
  }
}

/** A command that ended otherwise than well: what it was, how it ended, its last words, where its log is. */
export class CommandFailed extends PlainError {
  constructor(
    readonly command: string,
    readonly outcome: string,
    readonly lastLines: readonly string[],
    readonly log?: string,
  ) {
    super(
      [
        `${command}: ${outcome}`,
        ...lastLines.slice(-5).map((line) => `  ${line}`),
        ...(log ? [`The whole log: ${log}`] : []),
      ].join("\n"),
    );
    this.name = "CommandFailed";
  }
}

/** Runs a command to its end and returns its standard output, without the last line break. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { cwd, log, signal, input, onLine } = options;
  const shown = options.name ?? command;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new CommandFailed(shown, "not started: interrupted", []));
      return;
    }
    // A group of its own, so that an interruption reaches compilers that the command started.
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    const last: string[] = [];
    let output = "";
    if (log) mkdirSync(dirname(log), { recursive: true });
    const file = log ? createWriteStream(log, { flags: "a" }) : undefined;
    file?.write(`$ ${[command, ...args].join(" ")}\n`);
    const onText = (text: string) => {
      file?.write(text);
      for (const line of text.split("\n")) {
        if (line.trim() === "") continue;
        onLine?.(line);
        last.push(line);
        if (last.length > 20) last.shift();
      }
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      onText(text);
    });
    child.stderr.setEncoding("utf8").on("data", onText);
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const kill = () => {
      try {
        if (child.pid) process.kill(-child.pid, "SIGTERM");
      } catch {
        // It ended by itself in between.
      }
    };
    signal?.addEventListener("abort", kill, { once: true });
    const end = (settle: () => void) => {
      signal?.removeEventListener("abort", kill);
      if (file) file.end(settle);
      else settle();
    };
    child.on("error", (error: NodeJS.ErrnoException) =>
      end(() =>
        reject(
          new CommandFailed(
            shown,
            error.code === "ENOENT"
              ? `${command} is not installed`
              : error.message,
            [],
            log,
          ),
        ),
      ),
    );
    child.on("close", (code, by) =>
      end(() => {
        if (code === 0) resolve(output.trimEnd());
        else {
          const outcome = signal?.aborted
            ? "interrupted"
            : by
              ? `ended by ${by}`
              : `exit code ${code}`;
          reject(new CommandFailed(shown, outcome, last, log));
        }
      }),
    );
  });
}
