import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { toolPath } from "../../toolchain/tools";
import {
  listAt,
  propertiesAt,
  textAt,
  type Properties,
  type Value,
} from "../plugin/value";
import type { Options } from "./provider";
import { yaml } from "./on-demand";

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

/** A chart as helm finds it, and as it describes itself. */
export interface Chart {
  readonly reference: string;
  readonly version: string;
  readonly flags: readonly string[];
}

/** Folder of a chart that was put aside for a machine without the internet. */
export function storedChart(name: string, version: string): string | undefined {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const path = join(cache, "mlstack", "charts", `${name}-${version}`);
  return existsSync(join(path, "Chart.yaml")) ? path : undefined;
}

/** Finds the chart of a release, or says why there is none. */
export async function locateChart(inputs: Properties): Promise<Chart> {
  const chart = textAt(inputs, "chart") ?? "";
  const wanted = textAt(inputs, "version") ?? "";
  const repository = propertiesAt(inputs, "repositoryOpts");
  const last = chart.split("/").at(-1) ?? chart;
  const stored =
    repository.repo || /^oci:/.test(chart)
      ? (storedChart(last, wanted.replace(/^v/, "")) ??
        storedChart(last, wanted))
      : undefined;
  const local = stored ?? chart;
  if (existsSync(join(local, "Chart.yaml"))) {
    const description = parse(readFileSync(join(local, "Chart.yaml"), "utf8"));
    const version = textAt(description, "version") ?? "";
    return { reference: local, version, flags: [] };
  }
  if (/^[./~]/.test(chart)) {
    throw new Error(`path "${chart}" not found`);
  }
  const flags = repositoryFlags(repository);
  if (wanted) flags.push("--version", wanted);
  if (inputs.devel === true) flags.push("--devel");
  const shown = await run("helm", ["show", "chart", chart, ...flags]);
  if (shown.code !== 0) throw new Error(problem(shown));
  const version = textAt(parse(shown.stdout), "version") ?? wanted;
  return { reference: chart, version, flags };
}

function repositoryFlags(repository: Properties): string[] {
  const names = {
    repo: "--repo",
    caFile: "--ca-file",
    certFile: "--cert-file",
    keyFile: "--key-file",
    username: "--username",
    password: "--password",
  };
  return Object.entries(names).flatMap(([key, flag]) => {
    const value = textAt(repository, key);
    return value ? [flag, value] : [];
  });
}

/** What a failed command says, without helm's own prefix. */
export function problem({ stderr, stdout }: Outcome): string {
  const text = (stderr || stdout).trim();
  const at = text.lastIndexOf("Error: ");
  return at < 0 ? text : text.slice(at + "Error: ".length);
}

/** Parses YAML of one document. */
export function parse(text: string): Properties {
  return propertiesAt(yaml().parse(text) as Value);
}

/** Parses YAML of many documents; lists of objects are taken apart. */
export function parseAll(text: string): Properties[] {
  return yaml()
    .parseAllDocuments(text, {
      // The API's own parser knows `yes` and octal numbers, but neither dates nor `1:30`.
      version: "1.1",
      customTags: (tags) =>
        tags.filter(
          (tag) =>
            typeof tag === "string" ||
            (tag.format !== "TIME" && !/:(timestamp|binary)$/.test(tag.tag)),
        ),
    })
    .flatMap((document) => {
      const [error] = document.errors;
      if (error) throw new Error(`cannot read YAML: ${error.message}`);
      const object = propertiesAt(document.toJS() as Value);
      const items = listAt(object, "items");
      return textAt(object, "kind")?.endsWith("List") && items.length > 0
        ? items.map((item) => propertiesAt(item))
        : [object];
    })
    .filter((object) => textAt(object, "kind") !== undefined);
}
