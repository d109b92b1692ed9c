import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";

import { z } from "zod";

import { CommandError } from "../cli/command-error";
import { root, shortPath } from "../cli/paths";

/** Folder in which the file back end keeps this project's stacks. */
const stacksPath = ".pulumi/stacks/mlstack";
/** Suffixes of the files that hold a stack's state, as Pulumi writes them. */
const checkpoints = [".json.gz", ".json.zst", ".json"] as const;
const locksPath = ".pulumi/locks/organization/mlstack";

/** Back end of earlier versions, one per checkout. */
const checkoutState = join(root, ".mlstack/state");

const lockSchema = z.looseObject({ pid: z.number() });

/** Folder of the file back end of this machine, which all checkouts share: below `$XDG_STATE_HOME`, or `~/.local/state`. */
export function machineStateFolder(
  env: NodeJS.ProcessEnv = process.env,
): string {
  const base = env["XDG_STATE_HOME"];
  // A relative path is to be ignored by the XDG specification.
  return base !== undefined && isAbsolute(base)
    ? join(base, "mlstack")
    : join(homedir(), ".local/state/mlstack");
}

/**
 * Makes the folder for its owner alone, and takes over the state that an earlier version kept in this checkout.
 *
 * @returns the folder
 * @throws {CommandError} when it belongs to another machine, as in a home directory on a network
 */
export function openMachineState(): string {
  const folder = machineStateFolder();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  refuseOtherMachine(folder);
  for (const line of takeOver(checkoutState, folder)) {
    process.stderr.write(`mlstack: ${line}\n`);
  }
  return folder;
}

/** Whether this machine's state has a stack. */
export function machineHasStack(stack: string): boolean {
  return stacksIn(machineStateFolder()).includes(stack);
}

function refuseOtherMachine(folder: string): void {
  const own = machineId();
  if (own === undefined) return;
  const note = join(folder, "machine-id");
  if (!existsSync(note)) {
    writeFileSync(note, `${own}\n`, { mode: 0o600 });
    return;
  }
  if (readFileSync(note, "utf8").trim() === own) return;
  throw new CommandError(
    `${shortPath(folder)}: holds the state of clusters on another machine: set XDG_STATE_HOME to a folder of this machine's own; if this is that machine, installed anew, remove ${shortPath(note)}`,
  );
}

function machineId(): string | undefined {
  const file = "/etc/machine-id";
  const id = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  return /^[0-9a-f]{32}$/.test(id) ? id : undefined;
}

/**
 * Moves the stacks of one file back end to another; a stack that is in both stays where it is.
 *
 * @returns a line per stack
 * @throws {CommandError} while a run is at work on one of them
 */
export function takeOver(from: string, to: string): string[] {
  const names = stacksIn(from);
  if (names.length === 0) return [];
  for (const name of names) releaseStaleLock(from, name);
  // Without it, Pulumi takes a folder with stacks for one of an older layout.
  move(from, to, ".pulumi/meta.yaml");
  const there = stacksIn(to);
  const lines = names.map((name) => {
    if (there.includes(name)) {
      return `stack ${name}: ${shortPath(to)} has it too; what ${shortPath(from)} has of it is kept in ${shortPath(`${from}-unused`)}`;
    }
    move(from, to, `.pulumi/history/mlstack/${name}`);
    move(from, to, `.pulumi/backups/mlstack/${name}`);
    // The file without a suffix of its own comes last: the stack is there once it is.
    const copies = checkpoints.map((suffix) => `${suffix}.bak`);
    for (const suffix of [".pulumi-tags", ...copies, ...checkpoints]) {
      move(from, to, `${stacksPath}/${name}${suffix}`);
    }
    return `stack ${name}: its state has moved from ${shortPath(from)} to ${shortPath(to)}`;
  });
  if (stacksIn(from).length > 0) renameSync(from, `${from}-unused`);
  else rmSync(from, { recursive: true });
  return lines;
}

/** Moves a file or folder from one back end to another, which may be on another file system. */
function move(from: string, to: string, path: string): void {
  const [source, target] = [join(from, path), join(to, path)];
  if (!existsSync(source) || existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  cpSync(source, `${target}.moving`, { recursive: true });
  renameSync(`${target}.moving`, target);
  rmSync(source, { recursive: true });
}

function stacksIn(folder: string): string[] {
  const stacks = join(folder, stacksPath);
  if (!existsSync(stacks)) return [];
  return readdirSync(stacks).flatMap((file) => {
    const suffix = checkpoints.find((each) => file.endsWith(each));
    return suffix === undefined ? [] : [file.slice(0, -suffix.length)];
  });
}

/**
 * Removes the lock that a run which was killed left in a file back end of this machine.
 *
 * @throws {CommandError} while the run that holds it is alive
 */
export function releaseStaleLock(folder: string, stack: string): void {
  const locks = join(folder, locksPath, stack);
  if (!existsSync(locks)) return;
  for (const file of readdirSync(locks)) {
    // Beside each lock lies a file of its attributes.
    if (!file.endsWith(".json")) continue;
    const { pid } = lockSchema.parse(
      JSON.parse(readFileSync(join(locks, file), "utf8")),
    );
    if (isAlive(pid)) {
      throw new CommandError(
        `stack ${stack}: busy: another run (process ${pid}) is at work on it; wait for its end`,
      );
    }
    rmSync(join(locks, file));
    rmSync(join(locks, `${file}.attrs`), { force: true });
  }
}

/** Whether a process runs; one that has ended but that nobody has asked about yet does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of another user may not be sent signals, and is alive.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, "utf8"));
}
