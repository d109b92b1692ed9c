import { statfsSync } from "node:fs";

/** Bytes that a user may still write on the file system of a folder. */
export function freeSpace(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
