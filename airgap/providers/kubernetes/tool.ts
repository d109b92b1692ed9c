import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { toolPath } from "../../toolchain/tools";
import type { Options } from "./options";

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a tool of the toolchain, or one on PATH where that is not built. */
export async function run(
  tool: "helm" | "kubectl",
  args: readonly string[],
  options: {
    readonly stdin?: string;
    readonly signal?: AbortSignal;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<Outcome> {
  const child = spawn(locate(tool), args, {
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // Helm ends an installation in good order when it is interrupted.
  const interrupt = (): void => void child.kill("SIGINT");
  options.signal?.addEventListener("abort", interrupt);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  child.stdin.on("error", () => undefined).end(options.stdin ?? "");
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status) => resolve(status ?? 1));
    });
    return { code, stdout, stderr };
  } finally {
    options.signal?.removeEventListener("abort", interrupt);
  }
}

function locate(tool: "helm" | "kubectl"): string {
  const built = toolPath(tool);
  if (existsSync(built)) return built;
  const found = (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, tool))
    .find((path) => existsSync(path));
  if (found) return found;
  throw new Error(`${tool} is neither built (${built}) nor on PATH`);
}

let folder: string | undefined;

/** Flags that lead a tool to the provider's cluster. */
export function clusterFlags(options: Options): string[] {
  const flags: string[] = [];
  const given = options.kubeconfig;
  if (given && /[\n{]/.test(given)) {
    if (!folder) {
      const made = mkdtempSync(join(tmpdir(), "mlstack-kubernetes-"));
      process.once("exit", () =>
        rmSync(made, { recursive: true, force: true }),
      );
      folder = made;
    }
    const path = join(folder, "kubeconfig");
    if (!existsSync(path)) writeFileSync(path, given, { mode: 0o600 });
    flags.push("--kubeconfig", path);
  } else if (given) {
    flags.push("--kubeconfig", given);
  }
  if (options.context) flags.push("--kube-context", options.context);
  return flags;
}

/** What a failed command says, without helm's own prefix. */
export function problem({ stderr, stdout }: Outcome): string {
  const text = (stderr || stdout).trim();
  const at = text.lastIndexOf("Error: ");
  return at < 0 ? text : text.slice(at + "Error: ".length);
}
