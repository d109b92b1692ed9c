import { spawn } from "node:child_process";

import { CommandError } from "../commands/cli/command-error";
import { root } from "../commands/cli/paths";
import type { Pulumi } from "../commands/engine/pulumi";
import { parseDigest, type Digest } from "./digest";

/** Runs `pulumi preview --json`. A preview that fails has a digest too, with its errors. */
export async function runPreview(
  pulumi: Pulumi,
  args: readonly string[],
): Promise<{ readonly code: number; readonly digest: Digest }> {
  const child = spawn(pulumi.command, ["preview", "--json", ...args], {
    cwd: root,
    env: { ...process.env, ...pulumi.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve(status ?? 1));
  });
  if (!output.trimStart().startsWith("{")) {
    throw new CommandError(errors.trim() || output.trim());
  }
  return { code, digest: parseDigest(output) };
}
