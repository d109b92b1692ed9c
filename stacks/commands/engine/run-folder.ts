import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { outerTemporaryVariable } from "../../../infra/provider/temporary";
import { isAlive } from "./machine-state";

const prefix = "mlstack-run-";

/** Mark of a run's folder: numbers of the processes that use it, a line each. */
const markName = ".mlstack-run";

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
    this.path = mkdtempSync(join(outer, prefix));
    this.belongsTo(process.pid);
    for (const name of readdirSync(outer).filter((each) => caches.test(each)))
      symlinkSync(join(outer, name), join(this.path, name));
  }

  /** Variables of the run. */
  get env(): Readonly<Record<string, string>> {
    return { TMPDIR: this.path, [outerTemporaryVariable]: this.outer };
  }

  /** Adds a process that uses the folder: an engine outlives the command that is killed. */
  belongsTo(pid: number): void {
    appendFileSync(join(this.path, markName), `${pid}\n`);
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

/** Removes folders of this user's runs all of whose processes have ended; one without the mark is not a run's. */
function sweep(outer: string): void {
  for (const name of readdirSync(outer)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(outer, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    const mark = join(path, markName);
    if (!found?.isDirectory() || found.uid !== process.getuid?.()) continue;
    if (!existsSync(mark)) continue;
    const pids = readFileSync(mark, "utf8").trim().split("\n").map(Number);
    if (!pids.some(isAlive)) rmSync(path, { recursive: true, force: true });
  }
}
