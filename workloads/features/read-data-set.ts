import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import type { Problem } from "../../infra/problem";
import { writtenPath } from "../../infra/schema-problems";
import { readDeclaration } from "../declaration/declaration-file";
import { declaredFolder } from "../schema/declared-folder";
import { checkDataSet } from "./check-data-set";
import { dataSetFile, type DataSet } from "./data-set";
import { outsideFault } from "../declaration/inside-folder";

/** A folder's data set, and what is wrong with it. */
export interface ReadDataSet {
  /** Path of its declaration. */
  readonly file: string;
  /** Path of the folder. */
  readonly folder: string;
  /** Undefined where it cannot be used; `problems` tell why. */
  readonly dataSet: DataSet | undefined;
  readonly problems: readonly Problem[];
}

/** A data set's name, and where a stack's file or a command has it from. */
export interface NamedFolder {
  readonly name: string;
  /** Folder, from the root of the project or elsewhere, or `git+URL#COMMIT`; `workloads/<name>` unless given. */
  readonly path?: string | undefined;
  /** Path of its declaration for problems: `streams.trips`. */
  readonly place: string;
}

/**
 * Reads the declaration of a data set.
 *
 * @param teams those that may own its views and models; any unless given
 */
export function readDataSet(
  { name, path, place }: NamedFolder,
  teams?: readonly string[],
): ReadDataSet {
  const { folder, fault } = declaredFolder(name, path);
  const file = join(folder, dataSetFile);
  const fail = (...problems: readonly Problem[]) => ({
    ...{ file, folder },
    dataSet: undefined,
    problems,
  });
  const missing = (remedy: string) =>
    fail({
      path: path === undefined ? place : `${place}.path`,
      value: folder,
      remedy,
    });
  const make = `make one with \`npm run new -- ${name} --kind data-set\``;
  if (fault !== undefined) return missing(fault);
  if (!isFolder(folder))
    return missing(
      `no such folder; ${make}, name another under path, or correct the spelling`,
    );
  if (!existsSync(file)) {
    const similar = readdirSync(folder).find((each) =>
      /^data[-_ ]?sets?\.ya?ml$/i.test(each),
    );
    return missing(
      similar === undefined
        ? `the folder has no ${dataSetFile}; ${make}`
        : `the folder has no ${dataSetFile}; rename its ${similar}`,
    );
  }
  const written = readDeclaration(file, "apiVersion and contract");
  if ("problems" in written) return fail(...written.problems);
  const { dataSet, problems } = checkDataSet(written.value, teams, (keys) =>
    keys.length === 0 ? file : `${file}: ${writtenPath(keys)}`,
  );
  const sample = dataSet?.sample;
  if (sample === undefined || !("file" in sample))
    return { file, folder, dataSet, problems };
  const remedy =
    outsideFault(folder, sample.file) ??
    (existsSync(join(folder, sample.file))
      ? undefined
      : `no such file in ${folder}`);
  if (remedy === undefined) return { file, folder, dataSet, problems };
  return fail({ path: `${file}: sample.file`, value: sample.file, remedy });
}

/** Names of the data sets that come with the project, or were made in it: folders of `workloads/`. */
export function ownDataSets(): readonly string[] {
  return readdirSync("workloads")
    .filter((name) => existsSync(join("workloads", name, dataSetFile)))
    .sort();
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
