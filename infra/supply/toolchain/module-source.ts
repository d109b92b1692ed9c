import { z } from "zod";

import { run } from "../process";
import type { StepContext } from "../step";
import { goEnvironment } from "./go-caches";
import { moduleFolder, type Tool } from "./tools";

/** Folder of a tool's Go module in Go's module cache, downloaded when missing; read-only. */
export async function moduleSource(
  tool: Tool,
  { log, signal }: StepContext,
): Promise<string> {
  const answer = await run(
    "go",
    ["mod", "download", "-json", tool.source.module],
    { cwd: moduleFolder(tool), log, signal, env: goEnvironment() },
  );
  return z.object({ Dir: z.string() }).parse(JSON.parse(answer)).Dir;
}
