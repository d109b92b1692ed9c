import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { PlainError, run } from "../process";
import type { Step, StepContext } from "../step";
import { withCacheLock, type Progress } from "../steps";
import {
  fetchableTools,
  fetchTool,
  releasedFile,
  WrongChecksum,
} from "./fetch";
import { goEnvironment, removeGoCaches } from "./go-caches";
import { moduleSource } from "./module-source";
import { findProgram } from "./packages";
import {
  findTool,
  goBuildArguments,
  moduleFolder,
  releaseVersion,
  toolFile,
  toolPath,
  type Tool,
} from "./tools";

/** Fetches or builds those of the named programs that the cache lacks. */
export async function ensureTools(
  names: readonly string[],
  progress: Progress,
): Promise<void> {
  if (names.every((name) => existsSync(toolPath(name)))) return;
  const fetchable = await fetchableTools(names);
  await withCacheLock(() => progress(toolSteps(names, fetchable)));
}

/**
 * A step for each of the named programs that the cache lacks, in the order of the names.
 *
 * @param fetchable those whose release can be fetched
 */
export function toolSteps(
  names: readonly string[],
  fetchable: ReadonlySet<string>,
): Step[] {
  const missing = [...new Set(names)]
    .map(findTool)
    .filter(({ binary }) => !existsSync(toolPath(binary)));
  return missing.map((tool) =>
    fetchable.has(tool.binary) ? fetchStep(tool) : buildStep(tool),
  );
}

/** Builds those programs that the cache lacks, of whatever version. */
export async function ensureBuilt(
  tools: readonly Tool[],
  progress: Progress,
): Promise<void> {
  const missing = () => tools.filter((tool) => !existsSync(toolFile(tool)));
  if (missing().length === 0) return;
  await withCacheLock(async () => {
    await progress(missing().map(buildStep));
    await removeGoCaches();
  });
}

function buildStep(tool: Tool): Step {
  return {
    id: toolStepId(tool.binary),
    title: `Build ${tool.binary} ${releaseVersion(tool)}`,
    minutes: tool.minutes,
    needsGo: true,
    run: (context) => build(tool, context),
  };
}

function fetchStep(tool: Tool): Step {
  const version = releasedFile(tool)?.version ?? releaseVersion(tool);
  return {
    id: toolStepId(tool.binary),
    title: `Fetch ${tool.binary} ${version}`,
    minutes: 0.2,
    gibibytes: 0.15,
    run: async (context) => {
      try {
        await fetchTool(tool, context);
      } catch (error) {
        if (error instanceof WrongChecksum || context.signal.aborted)
          throw error;
        // Not served after all: it can still be built.
        if (!findProgram("go"))
          throw new PlainError(
            `${messageOf(error)}\nIt can be built where Go 1.26 is installed`,
          );
        await build(tool, context);
      }
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Name of the step that fetches or builds a program. */
export function toolStepId(binary: string): string {
  return `tool-${binary}`;
}

async function build(tool: Tool, context: StepContext): Promise<void> {
  const path = toolFile(tool);
  mkdirSync(dirname(path), { recursive: true });
  removePartials(dirname(path), tool.binary);
  const partial = `${path}.partial-${process.pid}`;
  await goBuild(tool, partial, context);
  chmodSync(partial, 0o755);
  renameSync(partial, path);
}

async function goBuild(
  tool: Tool,
  output: string,
  context: StepContext,
): Promise<void> {
  if (!findProgram("go"))
    throw new PlainError("go is not installed; Go 1.26 builds the toolchain");
  const overlay = await writeOverlay(tool, `${output}.embeds`, context);
  const args = goBuildArguments(tool, output, overlay);
  await run("nice", ["-n", "10", "go", ...args], {
    ...context,
    name: "go build",
    cwd: moduleFolder(tool),
    env: {
      ...goEnvironment(),
      CGO_ENABLED: "0",
      GOFLAGS: "-mod=readonly -buildvcs=false",
      GOWORK: "off",
      GOOS: undefined,
      GOARCH: undefined,
    },
  });
  rmSync(`${output}.embeds`, { recursive: true, force: true });
}

/** Makes the files that a main package embeds, and the overlay that names them; nothing where it embeds none. */
async function writeOverlay(
  tool: Tool,
  folder: string,
  context: StepContext,
): Promise<string | undefined> {
  const embeds = tool.source.embeds ?? [];
  if (embeds.length === 0) return undefined;
  const source = await moduleSource(tool, context);
  mkdirSync(folder, { recursive: true });
  const replace = embeds.map(({ file, from, make }) => {
    const made = join(folder, file);
    writeFileSync(made, make(readFileSync(join(source, from), "utf8")));
    return [join(moduleFolder(tool), file), made] as const;
  });
  const overlay = join(folder, "overlay.json");
  writeFileSync(
    overlay,
    JSON.stringify({ Replace: Object.fromEntries(replace) }),
  );
  return overlay;
}

/** Remains of killed builds; the lock proves that none is running. */
function removePartials(folder: string, binary: string): void {
  for (const file of readdirSync(folder)) {
    if (file.startsWith(`${binary}.partial-`))
      rmSync(join(folder, file), { recursive: true });
  }
}
