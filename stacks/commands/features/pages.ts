import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

import { describeProblem } from "../../../infra/problem";
import {
  ownDataSets,
  readDataSet,
} from "../../../workloads/features/read-data-set";
import { pagesOf } from "../../../workloads/features/documentation";
import { CommandError } from "../cli/command-error";
import { fromCaller } from "../cli/paths";

/**
 * Pages of the feature views that are declared, whether a stack is up or not.
 *
 * @param view one of them; all unless given
 * @param out folder to write files to
 * @param path folder of a data set; those of `workloads/` unless given
 * @returns the page of one view, or of all, as Markdown; with a folder, the names of the files that were written there
 * @throws {CommandError} for a view that nobody declares, or a data set with mistakes
 */
export function featurePages(
  view: string | undefined,
  out: string | undefined,
  path?: string,
): string {
  const folders =
    path === undefined
      ? ownDataSets().map((name) => ({ name, place: name }))
      : [
          {
            name: basename(path),
            path: fromCaller(path),
            place: "features docs",
          },
        ];
  // Whether a stack has the teams that own them is that stack's question.
  const read = folders.map((folder) => readDataSet(folder));
  const problems = read.flatMap((each) => each.problems);
  if (problems.length > 0)
    throw new CommandError(problems.map(describeProblem).join("\n"));
  const pages = pagesOf(read.flatMap(({ dataSet }) => dataSet ?? []));
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
