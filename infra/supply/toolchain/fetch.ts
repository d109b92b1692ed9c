import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  chmodSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

import { download, isServed, releaseAddress } from "../download";
import { PlainError, run } from "../process";
import type { StepContext } from "../step";
import type { Architecture } from "./releases";
import {
  cacheFolder,
  findTool,
  toolPath,
  TOOLS,
  toolVersion,
  type Tool,
} from "./tools";

/** A file that is not what its release says: never a reason to look for it elsewhere. */
export class WrongChecksum extends PlainError {}

/** Architecture of this machine by Go's name; undefined where no program is released for it. */
export function architecture(): Architecture | undefined {
  return { x64: "amd64" as const, arm64: "arm64" as const }[
    process.arch as "x64" | "arm64"
  ];
}

/** The programs whose releases can be downloaded from this machine; without a network this fails immediately. */
export async function fetchableTools(
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = names.map(findTool).flatMap((tool) => {
    const file = releasedFile(tool);
    return file && !existsSync(toolPath(tool.binary))
      ? [{ binary: tool.binary, url: file.url }]
      : [];
  });
  const urls = [...new Set(rows.map(({ url }) => url))];
  const served = await Promise.all(urls.map(isServed));
  return new Set(
    rows.flatMap(({ binary, url }) =>
      served[urls.indexOf(url)] ? [binary] : [],
    ),
  );
}

/** The file of a tool's release for this machine, at the mirror where one is named. */
export function releasedFile(tool: Tool):
  | {
      readonly url: string;
      readonly sums: string;
      readonly sha256: string | undefined;
      readonly program: string | undefined;
      readonly version: string;
    }
  | undefined {
  const { release } = tool;
  const machine = architecture();
  if (!release || !machine || process.platform !== "linux") return undefined;
  const version = release.version ?? toolVersion(tool);
  return {
    version,
    url: releaseAddress(release.url(version, machine)),
    sums: releaseAddress(release.sums(version, machine)),
    sha256: release.sha256[machine],
    program: release.program?.(version, machine),
  };
}

/**
 * Fetches a program's release, checks its sum, and puts the program in place, with those of the table that lie in the
 * same archive. @throws {WrongChecksum} where the file is another than it should be
 */
export async function fetchTool(
  tool: Tool,
  context: StepContext,
): Promise<void> {
  // The archive of another program held it.
  if (existsSync(toolPath(tool.binary))) return;
  const file = releasedFile(tool);
  if (!file) throw new Error(`${tool.binary} has no release for this machine`);
  mkdirSync(join(cacheFolder(), "work"), { recursive: true });
  const folder = mkdtempSync(join(cacheFolder(), "work", "release-"));
  try {
    const path = join(folder, basename(file.url));
    await download(file.url, path, context);
    const expected =
      file.sha256 ??
      (await publishedSum(file.sums, basename(file.url), folder, context));
    const got = await sha256Of(path);
    if (got !== expected)
      throw new WrongChecksum(
        `${tool.binary} ${file.version}: ${file.url}: sha256 is ${got}, expected ${expected}${file.sha256 ? "" : ` (${file.sums})`}; nothing of it was kept`,
      );
    if (file.program === undefined) place(path, toolPath(tool.binary));
    else {
      await run("tar", ["-xzf", path, "-C", folder], context);
      for (const other of TOOLS) {
        const released = releasedFile(other);
        if (released?.url !== file.url || !released.program) continue;
        const program = join(folder, released.program);
        if (existsSync(program)) place(program, toolPath(other.binary));
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function place(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  chmodSync(from, 0o755);
  renameSync(from, to);
}

/** The checksum of a file in a list: one line per file, or the checksum alone. */
async function publishedSum(
  url: string,
  name: string,
  folder: string,
  context: StepContext,
): Promise<string> {
  const path = join(folder, "sums");
  await download(url, path, context);
  const lines = readFileSync(path, "utf8").split("\n");
  const sums = lines.flatMap((line) => {
    const [, sum, file] =
      /^([0-9a-f]{64})(?:\s+\*?(?:\.\/)?(\S+))?\s*$/.exec(line) ?? [];
    return sum && (file === undefined || file === name) ? [sum] : [];
  });
  const [sum] = sums;
  if (sum === undefined || sums.length > 1)
    throw new WrongChecksum(`${url}: lists no sha256 of ${name}`);
  return sum;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path))
    hash.update(chunk as Buffer);
  return hash.digest("hex");
}
