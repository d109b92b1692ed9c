import { lstatSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";

/**
 * The first link at a path, or below it, that leads out of a folder: what it leads to would be read, copied and put
 * into an image as if it were part of the folder, which may be somebody else's.
 *
 * @param path below the folder, with or without a link on the way to it
 * @returns its path, or undefined where there is none, or nothing at all
 */
export function strayLink(folder: string, path: string): string | undefined {
  const look = (each: string): string | undefined => {
    const stat = lstatSync(each, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (isStray(folder, each)) return each;
    // A link within the folder leads to what is looked at there.
    if (!stat.isDirectory()) return undefined;
    // Hidden entries are part of no image.
    for (const name of readdirSync(each).filter(
      (one) => !one.startsWith("."),
    )) {
      const found = look(join(each, name));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return look(join(folder, path));
}

/** Whether what is at a path lies outside of a folder, or is a link to nothing. */
export function isStray(folder: string, path: string): boolean {
  const root = realpathSync(folder);
  try {
    const real = realpathSync(path);
    return real !== root && !real.startsWith(`${root}/`);
  } catch {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  }
}
