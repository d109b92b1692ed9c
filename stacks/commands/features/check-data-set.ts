import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { describeProblem } from "../../../infra/problem";
import { readDataSet } from "../../../workloads/features/read-data-set";
import type { DataSet } from "../../../workloads/features/data-set";
import { judgeRecord } from "../../../workloads/features/record-faults";
import { CommandError } from "../cli/command-error";
import { fromCaller } from "../cli/paths";

/**
 * Checks a data set's declaration, and the records of its sample by it, without a stack.
 *
 * @param path folder of the data set
 * @returns what it declares, and how many records are accepted
 * @throws {CommandError} with every mistake, of the declaration or else of the records
 */
export function checkFolder(path: string): string {
  const place = "features check";
  const read = readDataSet({
    name: basename(path),
    path: fromCaller(path),
    place,
  });
  const { dataSet, folder, problems } = read;
  if (dataSet === undefined)
    throw new CommandError(problems.map(describeProblem).join("\n"));
  const { contract, views, models } = dataSet;
  return [
    `${contract.name}: ${count(Object.keys(contract.fields).length, "field")}, ${count(views.length, "view")}, ${count(models.length, "model")}`,
    ...checkSample(dataSet, folder),
    "",
  ].join("\n");
}

function checkSample(
  { contract, sample }: DataSet,
  folder: string,
): readonly string[] {
  if (sample === undefined || !("file" in sample)) return [];
  const file = join(folder, sample.file);
  if (!/\.(jsonl|ndjson|json)$/.test(file))
    return [`${sample.file}: only JSON lines are judged without a stack`];
  const judged = readFileSync(file, "utf8")
    .split("\n")
    .map((line, at) => ({ line, at: at + 1 }))
    .filter(({ line }) => line.trim() !== "")
    .map(({ line, at }) => ({ at, ...judgeRecord(contract, line) }));
  const refused = judged.flatMap(({ at, faults }) =>
    faults.map((fault) => `${file}:${at}: ${fault}`),
  );
  if (refused.length > 0)
    throw new CommandError(
      [
        `${refused.length === 1 ? "a record" : "records"} of the sample would be dead letters; mend them, or the contract`,
        ...refused.map((line) => `  ${line}`),
      ].join("\n"),
    );
  const repaired = judged.filter((each) => each.repaired.length > 0).length;
  return [
    `${sample.file}: ${count(judged.length, "record")}, all accepted, ${repaired} with a field emptied or filled`,
  ];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
