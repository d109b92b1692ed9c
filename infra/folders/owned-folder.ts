import { constants } from "node:fs";
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rm,
  rmdir,
  unlink,
} from "node:fs/promises";
import { basename, join, normalize } from "node:path";

import { isSystemFolder } from "./system-folders";

/** File that says whose a folder is. Written once, removed last: a removal that was interrupted can be repeated. */
export const markName = ".mlstack-owner";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } =
  constants;

/** State of the path of an owned folder. */
export type FolderState =
  /** No folder, or one with nothing in it. */
  | { readonly kind: "free" }
  | { readonly kind: "owned"; readonly owner: string }
  /** Something that this program did not make; `reason` is a line for people, with the path and what to do. */
  | { readonly kind: "foreign"; readonly reason: string };

/** Says whose a folder is; changes nothing. */
export async function inspectFolder(path: string): Promise<FolderState> {
  return withFolder(path, ({ owner, problem, entries }): FolderState => {
    if (problem !== undefined) return { kind: "foreign", reason: problem };
    if (owner !== undefined) return { kind: "owned", owner };
    return entries.length === 0
      ? { kind: "free" }
      : { kind: "foreign", reason: unmarked(path) };
  });
}

/**
 * Makes a folder, or takes an empty one, and marks it as the owner's. Only this user may enter it.
 *
 * @throws when something is there already, or when the path is none that {@link removeOwnedFolder} would remove
 */
export async function claimFolder(path: string, owner: string): Promise<void> {
  const state = await inspectFolder(path);
  if (state.kind === "foreign") throw new Error(state.reason);
  if (state.kind === "owned") throw new Error(ownedBy(path, state.owner));
  await mkdir(path, { recursive: true });
  await withFolder(path, async ({ folder, problem }) => {
    if (!folder) throw new Error(problem ?? `${path}: was removed meanwhile`);
    await folder.chown(process.getuid?.() ?? 0, process.getgid?.() ?? 0);
    await folder.chmod(0o700);
    const mark = await open(
      inside(folder, markName),
      O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW,
      0o600,
    );
    await mark.writeFile(`${owner}\n`);
    await mark.sync();
    await mark.close();
    await folder.sync();
  });
}

/**
 * Removes a folder with all that is in it, or with `part` only a folder in it. This is the one function of the project
 * that removes folders as root which it did not make itself in the same process.
 *
 * It removes a folder only if that carries the mark of `owner`, which this user wrote. No component of the path may be
 * a link or `..`; neither system folders nor mount points are removed, nor anything that has a mount point in it. What
 * is checked and what is removed is the same folder, whatever is moved meanwhile: it is held open.
 *
 * @throws when it is anything else, in one line with the path and what to do; nothing is removed then
 */
export async function removeOwnedFolder(
  path: string,
  owner: string,
  part: readonly string[] = [],
): Promise<void> {
  await withFolder(path, async (found) => {
    const { folder, parent, problem, entries } = found;
    if (problem !== undefined) throw new Error(problem);
    if (!folder || !parent) return;
    if (found.owner === undefined) throw new Error(unmarked(path));
    if (found.owner !== owner) throw new Error(ownedBy(path, found.owner));
    const target = join(path, ...part);
    const mounts = await mountsBelow(target);
    if (mounts.length > 0) throw new Error(mountPoint(mounts[0] ?? target));
    if (part.length > 0) return removePart(folder, path, part);
    // Folders first: what a file of the owner's says about them holds as long as one is there.
    const files = new Set<string>();
    for (const name of entries)
      if (!(await lstat(inside(folder, name))).isDirectory()) files.add(name);
    files.delete(markName);
    for (const name of entries.filter((entry) => !files.has(entry)))
      if (name !== markName)
        await rm(inside(folder, name), { recursive: true, force: true });
    for (const name of files) await unlink(inside(folder, name));
    await unlink(inside(folder, markName));
    await rmdir(inside(parent, basename(path)));
  });
}

async function removePart(
  folder: FileHandle,
  path: string,
  part: readonly string[],
): Promise<void> {
  if (part.some((name) => !isPlainName(name)))
    throw new Error(
      `${join(path, ...part)}: is not removed: "${part.join("/")}" is no path inside of it`,
    );
  const opened: FileHandle[] = [];
  try {
    let parent = folder;
    for (const name of part.slice(0, -1)) {
      const next = await openChild(parent, name);
      if (!next) return;
      if (typeof next === "string") throw new Error(throughLink(path));
      opened.push(next);
      parent = next;
    }
    // A link in place of the folder is removed as a link.
    await rm(inside(parent, part.at(-1) ?? ""), {
      recursive: true,
      force: true,
    });
  } finally {
    for (const handle of opened) await handle.close();
  }
}

/** A folder held open, and what is known of it. */
interface OpenedFolder {
  /** Absent where there is no such folder. */
  readonly folder?: FileHandle;
  readonly parent?: FileHandle;
  readonly entries: readonly string[];
  /** Word in its mark. */
  readonly owner?: string;
  /** Why it can be nobody's folder, as a line for people. */
  readonly problem?: string;
}

async function withFolder<T>(
  path: string,
  use: (found: OpenedFolder) => T | Promise<T>,
): Promise<T> {
  const opened: FileHandle[] = [];
  try {
    return await use(await openFolder(path, opened));
  } finally {
    for (const handle of opened) await handle.close();
  }
}

async function openFolder(
  path: string,
  opened: FileHandle[],
): Promise<OpenedFolder> {
  const names = path.split("/").slice(1);
  if (!path.startsWith("/") || !names.every(isPlainName))
    return refused(
      `${path}: is not removed or written to: it is not an absolute path in its simplest form; write ${normalize(`/${path}`).replace(/\/$/, "")}`,
    );
  if (isSystemFolder(path))
    return refused(
      `${path}: is a folder of the system; choose a folder of its own, such as /var/lib/mlstack`,
    );
  let parent = await open("/", O_RDONLY | O_DIRECTORY);
  opened.push(parent);
  for (const [index, name] of names.entries()) {
    const child = await openChild(parent, name);
    if (child === undefined) return { entries: [] };
    if (child === "not readable")
      return refused(`${path}: cannot be read by this user; use sudo`);
    if (child === "not a folder")
      return refused(
        throughLink(path, await realpath(path).catch(() => undefined)),
      );
    opened.push(child);
    if (index < names.length - 1) {
      parent = child;
      continue;
    }
    if ((await mountOf(child)) !== (await mountOf(parent)))
      return refused(mountPoint(path));
    const entries = await readdir(`/proc/self/fd/${child.fd}`);
    const owner = entries.includes(markName) ? await readMark(child) : {};
    return { folder: child, parent, entries, ...owner };
  }
  return { entries: [] };

  function refused(problem: string): OpenedFolder {
    return { entries: [], problem };
  }

  async function readMark(
    folder: FileHandle,
  ): Promise<Pick<OpenedFolder, "owner" | "problem">> {
    const mark = join(path, markName);
    const file = await open(
      inside(folder, markName),
      O_RDONLY | O_NOFOLLOW,
    ).catch(() => undefined);
    if (!file) return { problem: `${mark}: is a link; remove it yourself` };
    opened.push(file);
    const { uid, mode } = await file.stat();
    // Whoever may write the mark decides what is removed.
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0)
      return {
        problem: `${mark}: was written by another user, or may be; ${path} is left alone: remove it yourself, or choose another folder`,
      };
    const owner = (await file.readFile("utf8")).trim();
    return owner === ""
      ? { problem: `${mark}: is empty; remove ${path} yourself` }
      : { owner };
  }
}

// The kernel resolves /proc/self/fd/N to the very folder that is held open, so that only `name` is looked up: openat(2)
// and unlinkat(2), which Node has not.
function inside(folder: FileHandle, name: string): string {
  return `/proc/self/fd/${folder.fd}/${name}`;
}

async function openChild(
  folder: FileHandle,
  name: string,
): Promise<FileHandle | "not a folder" | "not readable" | undefined> {
  try {
    return await open(
      inside(folder, name),
      O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
    );
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "ENOTDIR" || code === "ELOOP") return "not a folder";
    if (code === "EACCES") return "not readable";
    throw error;
  }
}

/** ID of the mount that contains a folder; it also distinguishes bind mounts of the same file system. */
async function mountOf(folder: FileHandle): Promise<string | undefined> {
  const info = await readFile(`/proc/self/fdinfo/${folder.fd}`, "utf8");
  return /^mnt_id:\s*(\d+)$/m.exec(info)?.[1];
}

async function mountsBelow(path: string): Promise<string[]> {
  return (await readFile("/proc/self/mountinfo", "utf8"))
    .split("\n")
    .map((line) => decodeOctal(line.split(" ")[4] ?? ""))
    .filter((mount) => mount === path || mount.startsWith(`${path}/`));
}

// Spaces and the like are written as \040.
function decodeOctal(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 8)),
  );
}

function isPlainName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
}

function unmarked(path: string): string {
  return `${path}: is not empty and carries no mark of mlstack (${markName}): whoever filled it, it is left alone; choose another folder, or remove it yourself`;
}

function ownedBy(path: string, owner: string): string {
  return `${path}: belongs to ${owner}; it is left alone`;
}

function mountPoint(path: string): string {
  return `${path}: is a mount point, and is left alone; unmount it, or choose a folder in it`;
}

function throughLink(path: string, real?: string): string {
  return `${path}: leads through a link or a file; write ${real ?? "a path of folders only"}`;
}
