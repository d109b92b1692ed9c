import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";

import { Option, type Command } from "@commander-js/extra-typings";

import { workloadName } from "../../workloads/schema/names";
import { CommandError } from "./cli/command-error";
import { fromCaller, root } from "./cli/paths";
import { examples } from "./cli/options";
import { workloadEntry } from "./stack-file/workload-entry";

/** `new`: the folder of a workload or of a data set, which passes its test and runs as it is. */
export function define(command: Command): void {
  command
    .argument("<name>", "name of the workload, or of the data set")
    .addOption(
      new Option(
        "--kind <kind>",
        "kind of a workload's first step, or data-set",
      )
        .choices(["spark", "job", "serve", "data-set"])
        .default("spark"),
    )
    .option("--path <folder>", "folder to write, in place of workloads/NAME")
    .addHelpText(
      "after",
      examples(
        ["npm run new -- fraud", "workloads/fraud, with a PySpark job"],
        ["npm run new -- fraud --kind job", "with a script in a container"],
        ["npm run new -- fraud --kind serve", "with a server on a port"],
        ["npm run new -- fraud --path ../fraud", "in another repository"],
        ["npm run new -- trips --kind data-set", "events and features of them"],
      ),
    )
    .action((name, { kind, path }) => {
      const folder = writeWorkload(name, kind, path);
      const next = kind === dataSet ? nextOfDataSet : nextSteps;
      process.stdout.write(`${next(name, folder, path)}\n`);
    });
}

const dataSet = "data-set";

/**
 * Writes the folder of a workload, or of a data set.
 *
 * @returns its path
 * @throws {CommandError} where the name is none, or something is there already
 */
export function writeWorkload(
  name: string,
  kind: string,
  path?: string,
): string {
  const parsed = workloadName.safeParse(name);
  if (!parsed.success)
    throw new CommandError(
      `new: ${JSON.stringify(name)}: ${parsed.error.issues[0]?.message}`,
    );
  const folder =
    path === undefined ? join(root, "workloads", name) : fromCaller(path);
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new CommandError(
      `new: ${folder}: something is there already; choose another name, or a folder that is empty`,
    );
  // By which editors complete and judge the declaration.
  const file =
    kind === dataSet ? "data-set.schema.json" : "workload.schema.json";
  const schema = path === undefined ? `../${file}` : file;
  const template = join(root, "workloads/templates", kind);
  for (const file of filesIn(template)) {
    const target = join(folder, relative(template, file));
    mkdirSync(dirname(target), { recursive: true });
    const text = readFileSync(file, "utf8");
    writeFileSync(
      target,
      text
        .replaceAll("SCHEMA", schema)
        .replaceAll("NAME", name)
        .replaceAll("TABLE", name.replaceAll("-", "_"))
        .replaceAll("OWNER", "ml"),
    );
  }
  // Elsewhere, editors find it beside the declaration alone.
  if (path !== undefined)
    copyFileSync(join(root, "workloads", file), join(folder, file));
  return folder;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name === "__pycache__") return [];
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

function nextSteps(name: string, folder: string, path?: string): string {
  const shown = path ?? relative(root, folder);
  return [
    `${shown}: a workload of one step, declared in workload.yaml (keys: docs/workload.md)`,
    "",
    `  python3 -m unittest discover -s ${shown}/tests    its tests, without a cluster`,
    `  npm run run -- ${path ?? name}    runs it on this machine's cluster`,
    "",
    "To make it part of every `up` of a stack, write into its file:",
    "",
    ...workloadEntry(name, path),
  ].join("\n");
}

function nextOfDataSet(name: string, folder: string, path?: string): string {
  const shown = path ?? relative(root, folder);
  return [
    `${shown}: a data set with six records, declared in data-set.yaml (keys: docs/data-set.md)`,
    "",
    `  npm run features -- check ${shown}    its declaration and its records, without a cluster`,
    "",
    "To keep it from a topic, write into a stack's file, and make the team there the owner in data-set.yaml:",
    "",
    "  mlstack:kafka: { kind: single, topics: [{ name: " + name + " }] }",
    "  mlstack:streams:",
    `    ${name}: { ${path === undefined ? "" : `path: ${path}, `}topic: ${name}, producer: { kind: replay } }`,
  ].join("\n");
}
