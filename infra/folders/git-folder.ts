import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { cacheFolder } from "../supply/toolchain/tools";

/** A folder of a git repository, as it was at a commit. */
export interface GitFolder {
  /** URL by which git fetches it. */
  readonly url: string;
  /** Full name of the commit. */
  readonly commit: string;
  /** Folder below the repository's root; the root unless given. */
  readonly folder?: string;
}

/** Begins what names a repository and not a folder of this machine. */
export const gitPrefix = "git+";

const written = /^git\+((?:https|ssh|file):\/\/[^\s#]+)#([^:\s]*)(?::(\S+))?$/;
const full = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * A folder by its text, `git+URL#COMMIT` or `git+URL#COMMIT:FOLDER`.
 *
 * @returns the folder, or what to write instead
 */
export function gitFolder(
  text: string,
): GitFolder | { readonly fault: string } {
  const [, url, commit, folder] = written.exec(text) ?? [];
  if (url === undefined || commit === undefined)
    return {
      fault:
        "write git+https://HOST/REPOSITORY#COMMIT, or #COMMIT:FOLDER; git+ssh:// and git+file:// are taken as well",
    };
  if (!full.test(commit))
    return {
      fault: `${commit === "" ? "name a commit" : "a branch or a tag may be another commit tomorrow, and a part of a name two"}: write all 40 digits, as \`git ls-remote ${url}${commit === "" ? "" : ` ${commit}`}\` tells them`,
    };
  if (folder !== undefined && folder.split("/").includes(".."))
    return { fault: "the folder leaves the repository; stay below its root" };
  return { url, commit, ...(folder === undefined ? {} : { folder }) };
}

/**
 * The folder on this machine: fetched once, and found again in the cache by its commit, as long as nobody has changed it
 * there.
 *
 * @throws {GitError} where the repository or the commit cannot be had, or the folder is not there
 */
export function fetchGitFolder({ url, commit, folder }: GitFolder): string {
  const key = createHash("sha256").update(url).digest("hex").slice(0, 12);
  const place = join(cacheFolder(), "workloads", key, commit);
  if (!isIntact(place, commit)) fetchCommit(url, commit, place);
  const found = folder === undefined ? place : join(place, folder);
  if (!statSync(found, { throwIfNoEntry: false })?.isDirectory())
    throw new GitError(`the commit has no folder ${folder}`);
  return found;
}

/** Why a folder of a repository cannot be had, in a line. */
export class GitError extends Error {}

/** A commit's name is a digest of its content, which git checks as it fetches; what was written into it since shows in its status. */
function isIntact(place: string, commit: string): boolean {
  if (!existsSync(place)) return false;
  try {
    return (
      git(place, "rev-parse", "HEAD") === commit &&
      git(place, "status", "--porcelain", "--ignored") === ""
    );
  } catch {
    return false;
  }
}

function fetchCommit(url: string, commit: string, place: string): void {
  mkdirSync(dirname(place), { recursive: true });
  const half = mkdtempSync(`${place}.`);
  try {
    const format = commit.length === 64 ? "sha256" : "sha1";
    git(half, "init", "--quiet", `--object-format=${format}`);
    try {
      git(half, "fetch", "--quiet", "--depth=1", url, commit);
    } catch {
      // A server that gives no single commits, or that cannot be reached, of which the second try tells.
      git(half, "fetch", "--quiet", url, "+refs/*:refs/fetched/*");
    }
    git(half, "checkout", "--quiet", "--detach", `${commit}^{commit}`);
    const head = git(half, "rev-parse", "HEAD");
    if (head !== commit) throw new GitError(`it is ${head}`);
    rmSync(place, { recursive: true, force: true });
    renameSync(half, place);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    // Another run has brought it meanwhile.
    if (isIntact(place, commit)) return;
    throw error;
  }
}

/** Settings for git that override those of the user and the machine that could run a program, and disable prompts. */
const settings = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  // A link could lead out of the folder.
  "core.symlinks=false",
  "core.autocrlf=false",
  "protocol.allow=never",
  "protocol.https.allow=always",
  "protocol.ssh.allow=always",
  "protocol.file.allow=always",
].flatMap((setting) => ["-c", setting]);

function git(folder: string, ...args: string[]): string {
  try {
    return execFileSync("git", [...settings, ...args], {
      cwd: folder,
      encoding: "utf8",
      env: {
        ...withoutRepository(process.env),
        GIT_TERMINAL_PROMPT: "0",
        GIT_SSH_COMMAND:
          process.env["GIT_SSH_COMMAND"] ?? "ssh -oBatchMode=yes",
      },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 300_000,
    }).trim();
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & {
      readonly stderr?: string;
    };
    if (code === "ENOENT") throw new GitError("there is no git; install it");
    if (code === "ETIMEDOUT")
      throw new GitError("git has not ended within five minutes");
    const lines = (stderr ?? "").trim().split("\n").filter(Boolean);
    const line =
      lines.find((each) => each.startsWith("fatal: ")) ?? lines.at(-1);
    throw new GitError((line ?? "git failed").replace(/^fatal: /, ""));
  }
}

/** The variables of a hook name its repository, and git would work on that one. */
function withoutRepository(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) =>
        !/^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|PREFIX|CEILING_DIRECTORIES)$/.test(
          name,
        ),
    ),
  );
}
