import { join } from "node:path";

import { HiddenValue, type Problem } from "../../infra/problem";
import type { ReadWorkload } from "../declaration/read-workload";
import {
  checkInputFile,
  encodings,
  isEncoding,
  isUri,
} from "../inputs/input-file";
import { inputFault } from "../inputs/input-value";
import { outsideFault } from "../declaration/inside-folder";
import type { Input } from "../schema/input";
import { workloadFile } from "../schema/names";
import type { Workload } from "../schema/workload";

/** Inputs of a workload as a stack gives them. */
export interface GivenInputs {
  /** Values of those that are set, as texts. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Paths of those inputs that are files of this machine, relative to the root of the project. */
  readonly files: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
}

/** The inputs that a workload declares, with the values of the stack or their own defaults, and what is wrong with them. */
export function checkInputs(
  read: ReadWorkload,
  declared: Workload["inputs"],
): GivenInputs {
  const { own, name } = read;
  const problems = unknownInputs(read, declared);
  const inputs: Record<string, string> = {};
  const files: Record<string, string> = {};
  const pathOf = (key: string) =>
    own.inputs[key] === undefined
      ? read.at(["inputs", key, "default"])
      : `workloads.${name}.inputs.${key}`;
  for (const [key, input] of Object.entries(declared)) {
    const value = own.inputs[key] ?? input.default;
    if (value === undefined) {
      if (!input.optional)
        problems.push({
          path: `workloads.${name}.inputs.${key}`,
          value,
          remedy: `the workload needs it; set it, or give it a default in ${workloadFile}`,
        });
      continue;
    }
    const text = String(value);
    inputs[key] = text;
    const remedy = inputFault(input, text);
    if (remedy !== undefined) {
      // Any other may be secret, even though it should not be.
      const shown = input.type === "file" ? text : new HiddenValue("a value");
      problems.push({ path: pathOf(key), value: shown, remedy });
    } else if (input.type === "file" && !isUri(text)) {
      const isOwn = own.inputs[key] === undefined;
      const fault = isOwn ? outsideFault(read.folder, text) : undefined;
      if (fault === undefined)
        files[key] = isOwn ? join(read.folder, text) : text;
      else problems.push({ path: pathOf(key), value: text, remedy: fault });
    }
  }
  for (const [key, input] of Object.entries(declared)) {
    problems.push(...checkColumns(read, key, input, declared));
    const file = files[key];
    if (file === undefined) continue;
    const encoding = input.encoding && textOf(input.encoding, inputs);
    if (encoding === undefined || isEncoding(encoding))
      problems.push(
        ...checkInputFile(
          pathOf(key),
          file,
          input.columns?.flatMap((each) => textOf(each, inputs) ?? []),
          encoding,
        ),
      );
    else
      problems.push({
        path: pathOf(key),
        value: encoding,
        remedy: `its encoding is none of ${encodings.join(", ")}; write one of them`,
      });
  }
  return { inputs, files, problems };
}

function unknownInputs(
  { own, name }: ReadWorkload,
  declared: Workload["inputs"],
): Problem[] {
  const choices = Object.keys(declared).join(", ");
  return Object.keys(own.inputs)
    .filter((key) => !(key in declared))
    .map((key) => ({
      path: `workloads.${name}.inputs.${key}`,
      value: key,
      remedy:
        choices === ""
          ? "the workload has no inputs; remove it"
          : `the workload has no such input; choose one of ${choices}`,
    }));
}

type Column = NonNullable<Input["columns"]>[number];

/** Name of a column or an encoding; undefined where it comes from an input that is not set. */
function textOf(
  column: Column,
  inputs: Readonly<Record<string, string>>,
): string | undefined {
  return typeof column === "string" ? column : inputs[column.input];
}

/** Problems of `columns` and `encoding`: on an input that is no file, or with the name of an undeclared input. */
function checkColumns(
  read: ReadWorkload,
  key: string,
  { type, columns = [], encoding }: Input,
  declared: Workload["inputs"],
): Problem[] {
  const named: (readonly [readonly PropertyKey[], Column])[] = [
    ...columns.map((each, index) => [["columns", index], each] as const),
    ...(encoding === undefined ? [] : [[["encoding"], encoding] as const]),
  ];
  const [first] = named;
  if (type !== "file" && first !== undefined) {
    const path = read.at(["inputs", key, first[0][0] as string]);
    const remedy = "a file alone has it; write type: file, or leave it out";
    return [{ path, value: type, remedy }];
  }
  return named.flatMap(([path, column]) =>
    typeof column === "string" || column.input in declared
      ? []
      : [
          {
            path: read.at(["inputs", key, ...path, "input"]),
            value: column.input,
            remedy: `the workload has no such input; choose one of ${Object.keys(declared).join(", ")}`,
          },
        ],
  );
}
