import { execFile } from "node:child_process";

/** Runs a program to its end and gives its standard output; the error names the command and what it wrote. */
export function execute(
  file: string,
  args: readonly string[],
  options: { readonly input?: string; readonly signal?: AbortSignal } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { maxBuffer: 16 << 20, signal: options.signal },
      (error, stdout, stderr) => {
        if (!error) resolve(stdout);
        else if (options.signal?.aborted) reject(options.signal.reason);
        else {
          const words = stderr.trim() || stdout.trim() || error.message;
          reject(new Error(`${file} ${args.join(" ")}: ${words}`));
        }
      },
    );
    // A program that ends without reading its input closes the pipe, which its exit code then explains.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input ?? "");
  });
}

/** A word as a shell reads it. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word)
    ? word
    : `'${word.replaceAll("'", `'\\''`)}'`;
}
