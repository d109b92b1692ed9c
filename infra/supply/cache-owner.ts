import { lstatSync, realpathSync } from "node:fs";
import { dirname } from "node:path";

import { PlainError } from "./process";
import { cacheFolder } from "./toolchain/tools";

/**
 * Refuses, as root, to run programs out of a folder that others can change. Who runs sudo may be trusted with it: that
 * user becomes root anyhow.
 *
 * @throws {PlainError} with the folder, and what to do
 */
export function requireOwnCache(folder = cacheFolder()): void {
  if (process.getuid?.() !== 0) return;
  const trusted = [0, Number(process.env["SUDO_UID"] ?? 0)];
  for (let path = nearest(folder); ; path = dirname(path)) {
    const { uid, mode } = lstatSync(path);
    const sticky = (mode & 0o1000) !== 0;
    if (!trusted.includes(uid) || ((mode & 0o022) !== 0 && !sticky)) {
      throw new PlainError(
        `${path}: other users can change it, and root would run what lies in ${folder}: set XDG_CACHE_HOME to a folder of root's`,
      );
    }
    if (path === "/") return;
  }
}

/** The folder, or the nearest above that is there, with its links followed. */
function nearest(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return nearest(dirname(folder));
  }
}
