import { isAbsolute, normalize } from "node:path";

import { strayLink } from "../../infra/folders/stray-link";

/** Whether a path that is taken from a folder leads out of it, whatever lies there. */
export function leadsOut(path: string): boolean {
  return isAbsolute(path) || normalize(path).split("/")[0] === "..";
}

/**
 * Remedy for a path that a folder's declaration names and that leads out of the folder, by itself or by a link at it or
 * below it. A folder may be somebody else's: its files are the only ones of this machine that it may take.
 *
 * @returns undefined where the path stays inside, or nothing is there
 */
export function outsideFault(folder: string, path: string): string | undefined {
  if (leadsOut(path)) return "stay in the workload's folder";
  const link = strayLink(folder, path);
  return link === undefined
    ? undefined
    : `${link} is a link that leads out of the workload's folder; copy what it leads to`;
}
