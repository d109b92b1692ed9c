import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { isStray } from "./folders/stray-link";

/** Build context of an image, with paths from the root of the project. */
export interface ImageContext {
  /** Folder that the Dockerfile copies from. */
  readonly context: string;
  readonly dockerfile: string;
  /** Entries of the folder that matter; all of them unless given. */
  readonly include?: readonly string[];
  /** More files by their path in the context, from wherever they are. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Files of a context by their path in it, sorted: what a builder is given, and nothing else. */
export function contextFiles({
  context,
  include,
  files = {},
}: ImageContext): ReadonlyMap<string, string> {
  const entries = include ?? readdirSync(context);
  const found = [
    ...entries.flatMap((entry) => filesIn(context, entry, context)),
    ...Object.entries(files),
  ];
  return new Map(found.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Hash of the files, their names and whether they are programs: the same on every machine for the same content. */
export function contextHash(context: ImageContext): string {
  const hash = createHash("sha256");
  const add = (name: string, file: string) => {
    const mode = statSync(file).mode & 0o100 ? "x" : "-";
    const content = createHash("sha256").update(readFileSync(file));
    hash.update(`${mode} ${content.digest("hex")} ${name}\n`);
  };
  // The Dockerfile need not be in the context, and no file of a context is named like this.
  add("/Dockerfile", context.dockerfile);
  for (const [name, file] of contextFiles(context)) add(name, file);
  return hash.digest("hex");
}

/** Tag of an image: a hash of its context and of the arguments of its build. */
export function imageTag(
  hash: string,
  args: Readonly<Record<string, string>>,
): string {
  const sorted = Object.entries(args).sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  return createHash("sha256")
    .update(JSON.stringify([hash, sorted]))
    .digest("hex")
    .slice(0, 16);
}

// Tool leftovers and tests are not in the image, so that they must not change its hash.
const ignored = /^(\..*|__pycache__|.*\.pyc|tests|.*\.md)$/;

/** @throws {Error} for a link that leads out of the context */
function filesIn(
  folder: string,
  entry: string,
  context: string,
): [string, string][] {
  if (ignored.test(entry)) return [];
  const path = join(folder, entry);
  if (isStray(context, path))
    throw new Error(
      `${path}: leads out of ${context}, from which an image is made; copy what it leads to`,
    );
  if (!statSync(path).isDirectory()) return [[entry, path]];
  return readdirSync(path).flatMap((name) =>
    filesIn(path, name, context).map(([below, file]): [string, string] => [
      `${entry}/${below}`,
      file,
    ]),
  );
}
