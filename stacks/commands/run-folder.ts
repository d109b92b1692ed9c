import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { outerTemporaryVariable } from "../../infra/provider/temporary";

const prefix = "mlstack-run-";
const ownerFile = "engine.pid";

/** Folders of compiled code that tsx, ts-node and Node keep where temporary files are, for the runs that follow. */
const caches = /^(tsx-|ts-node-|node-compile-cache$)/;

/**
 * Folder for the temporary files of one run of Pulumi. The Kubernetes plugin writes the kubeconfig, which is an
 * administrator's, into a file for each Helm release and leaves it there: with the run goes what it has left.
 */
export class RunFolder {
  private readonly path: string;

  /** Removes the folders of runs that were killed, too. */
  constructor(private readonly outer = tmpdir()) {
    sweep(outer);
    this.path = mkdtempSync(join(outer, `${prefix}${process.pid}-`));
    for (const name of readdirSync(outer).filter((each) => caches.test(each)))
      symlinkSync(join(outer, name), join(this.path, name));
  }

  /** Variables of the run. */
  get env(): Readonly<Record<string, string>> {
    return { TMPDIR: this.path, [outerTemporaryVariable]: this.outer };
  }

  /** Says whose folder it is, beside this process: an engine goes on when this one is killed. */
  belongsTo(pid: number | undefined): void {
    writeFileSync(join(this.path, ownerFile), String(pid ?? ""));
  }

  /** Removes the folder; compiled code stays, where the run was the first to keep some. */
  remove(): void {
    for (const name of readdirSync(this.path)) {
      const kept = join(this.outer, name);
      if (caches.test(name) && !existsSync(kept))
        renameSync(join(this.path, name), kept);
    }
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Removes folders of this user's runs whose process has ended without removing them. */
function sweep(outer: string): void {
  for (const name of readdirSync(outer)) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    const path = join(outer, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found?.isDirectory() || found.uid !== process.getuid?.()) continue;
    if (!isRunning(engineOf(path)))
      rmSync(path, { recursive: true, force: true });
  }
}

function engineOf(folder: string): number {
  const file = join(folder, ownerFile);
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
}

function isRunning(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
