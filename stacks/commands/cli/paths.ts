import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Root of the checkout. */
export const root = join(__dirname, "../../..");

/** Folder of what a stack leaves in this checkout: report, kubeconfig. */
export function stackFolder(stack: string): string {
  return join(root, ".mlstack", stack);
}

/** A path that a person wrote, from where they stand: the commands themselves run in the root of the checkout. */
export function fromCaller(
  path: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  return resolve(env["INIT_CWD"] ?? env["PWD"] ?? root, path);
}

/** A path as people write it: below their home where it is. */
export function shortPath(path: string): string {
  const home = homedir();
  return path === home || path.startsWith(`${home}/`)
    ? `~${path.slice(home.length)}`
    : path;
}
