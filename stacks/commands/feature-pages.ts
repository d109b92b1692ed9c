import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { dataSets } from "../../workloads/data-sets";
import {
  declareDataSet,
  type DataSetDeclaration,
} from "../../workloads/features/declare";
import { pagesOf } from "../../workloads/features/documentation";
import { CommandError } from "./command";

/**
 * Pages of the feature views that are declared, whether a stack is up or not.
 *
 * @returns the page of one view, or of all, as Markdown; with a folder, the names of the files that were written there
 * @throws {CommandError} for a view that nobody declares
 */
export function featurePages(
  view: string | undefined,
  out: string | undefined,
): string {
  const declared: readonly DataSetDeclaration[] = Object.values(dataSets);
  const pages = pagesOf(
    // Whether a stack has the teams that own them is that stack's question.
    declared.map((each) => declareDataSet(each, ownersOf(each))),
  );
  const chosen =
    view === undefined
      ? pages
      : pages.filter(({ file }) => file === `${view}.md`);
  if (chosen.length === 0) {
    const known = pages.slice(1).map(({ file }) => file.replace(/\.md$/, ""));
    throw new CommandError(
      `features docs ${view}: no such view; choose one of ${known.join(", ")}`,
    );
  }
  if (out === undefined) return chosen.map(({ text }) => text).join("\n");
  mkdirSync(out, { recursive: true });
  return chosen
    .map(({ file, text }) => {
      writeFileSync(join(out, file), text);
      return `${resolve(out, file)}\n`;
    })
    .join("");
}

function ownersOf({
  contract,
  views,
  models = [],
}: DataSetDeclaration): string[] {
  return [contract, ...views, ...models].map(({ owner }) => owner);
}
