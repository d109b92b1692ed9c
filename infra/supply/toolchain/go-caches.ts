import { lstatSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { run } from "../process";
import { cacheFolder } from "./tools";

/**
 * Variables of a `go` that builds the toolchain: caches of its own, which go when all is built, unless the person's
 * environment names others, which stay. They are shared by all programs, whose versions are alike for that. What a
 * build keeps while it runs lies beside them, since a build that is killed leaves gigabytes of it.
 */
export function goEnvironment(): Record<string, string> {
  const temporary = process.env.GOTMPDIR ?? join(goCaches(), "tmp");
  // Go makes no such folder, and ends where there is none.
  mkdirSync(temporary, { recursive: true });
  return {
    GOTMPDIR: temporary,
    GOCACHE: process.env.GOCACHE ?? join(goCaches(), "build"),
    GOMODCACHE: process.env.GOMODCACHE ?? join(goCaches(), "modules"),
    // A compiler ends in seconds, and what it would collect goes with it: time for memory, of which each has a limit.
    GOGC: process.env.GOGC ?? "off",
    GOMEMLIMIT: process.env.GOMEMLIMIT ?? "1500MiB",
  };
}

/** Removes Go's caches of the toolchain: what is built is kept beside them, and nothing else reads them. */
export async function removeGoCaches(): Promise<void> {
  const folder = goCaches();
  // chmod would follow a link and change what it leads to.
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  // Folders of Go's module cache are read-only.
  await run("chmod", ["-R", "u+w", folder]);
  rmSync(folder, { recursive: true, force: true });
}

function goCaches(): string {
  return join(cacheFolder(), "go");
}
