import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import { z } from "zod";

import { run } from "./process";
import type { Step } from "./steps";
import {
  cacheFolder,
  findTool,
  moduleFolder,
  toolVersion,
} from "./toolchain/tools";

/** Repositories whose manifests lie in the Go module that the toolchain builds anyway: name, tool, folder. */
const SERVED = [
  { repository: "training-operator", tool: "training-operator" },
] as const;

/** Folder that every stored repository keeps its manifests in. */
const MANIFESTS = "manifests";

/** `${cache}/manifests/<repository>-<tag>`: what of a repository at a tag is stored here. */
export function storedRepository(repository: string, tag: string): string {
  return join(cacheFolder(), MANIFESTS, `${repository}-${tag}`);
}

/**
 * The folder here that stands for a folder of a public repository, `https://github.com/<owner>/<repository>/tree/
 * <tag>/<path>`; undefined when it is not stored, or when the directory is none of that form.
 */
export function storedManifests(directory: string): string | undefined {
  const found =
    /^https:\/\/github\.com\/[^/]+\/([^/]+)\/tree\/([^/]+)\/(.+?)\/*$/.exec(
      directory,
    );
  const [, repository, tag, path] = found ?? [];
  if (!repository || !tag || !path) return undefined;
  const folder = join(storedRepository(repository, tag), path);
  return existsSync(folder) ? folder : undefined;
}

/** A step for each repository whose manifests are not stored yet. */
export function manifestSteps(): Step[] {
  return SERVED.map(({ repository, tool }) => {
    const row = findTool(tool);
    const version = `v${toolVersion(row)}`;
    return { repository, row, folder: storedRepository(repository, version) };
  })
    .filter(({ folder }) => !existsSync(folder))
    .map(({ repository, row, folder }) => ({
      id: `manifests-${repository}`,
      title: `Store the manifests of ${repository} ${toolVersion(row)}`,
      minutes: 0.1,
      run: async ({ log, signal }) => {
        if (row.source.kind !== "go")
          throw new Error(`${repository}: no Go module`);
        const answer = await run(
          "go",
          ["mod", "download", "-json", row.source.module],
          { cwd: moduleFolder(row), log, signal },
        );
        const { Dir } = z.object({ Dir: z.string() }).parse(JSON.parse(answer));
        await store(join(Dir, MANIFESTS), folder);
      },
    }));
}

/** Copies all or nothing; Go's module folders are read-only, and copies of them would be. */
async function store(source: string, folder: string): Promise<void> {
  const half = `${folder}.half`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  cpSync(source, join(half, MANIFESTS), { recursive: true });
  await run("chmod", ["-R", "u+w", half]);
  renameSync(half, folder);
}
