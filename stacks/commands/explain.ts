import { type Command, Option } from "@commander-js/extra-typings";

import {
  explain,
  lastWord,
  UnknownKey,
  type Explanation,
} from "../schema/explanation";
import {
  configSchema,
  dataSetFileSchema,
  workloadFileSchema,
  type JsonSchema,
} from "../schema/json-schema";
import { CommandError } from "./cli/command-error";
import { examples } from "./cli/options";
import { table } from "./cli/table";

const schemas = {
  stack: configSchema,
  workload: workloadFileSchema,
  "data-set": dataSetFileSchema,
} as const;

type Kind = keyof typeof schemas;

/** `explain`: what a key of a stack's file, a workload's or a data set's declaration sets. */
export function define(command: Command): void {
  command
    .argument(
      "[key]",
      "path of a key, as in errors; all keys of the first level unless given",
    )
    .addOption(
      new Option("--of <file>", "file of the key")
        .choices(Object.keys(schemas) as Kind[])
        .default("stack" as const),
    )
    .addOption(new Option("--json", "as JSON"))
    .addHelpText(
      "after",
      examples(
        ["npm run explain -- streams.clickstream.ingest", "of a stack's file"],
        ["npm run explain -- teams[0].quota", "a path out of an error"],
        ["npm run explain -- steps.score.size --of workload", ""],
      ),
    )
    .action((key = "", { of, json = false }) => {
      const found = explained(schemas[of](), key);
      process.stdout.write(
        json ? `${JSON.stringify(found, undefined, 2)}\n` : text(found),
      );
    });
}

function explained(schema: JsonSchema, key: string): Explanation {
  try {
    return explain(schema, key);
  } catch (error) {
    if (!(error instanceof UnknownKey)) throw error;
    throw new CommandError(
      `explain: ${JSON.stringify(error.path)}: ${error.keys.length === 0 ? "has no keys" : `no such key; choose one of ${error.keys.join(", ")}`}`,
    );
  }
}

function text(found: Explanation): string {
  const { path, value, fallback, description, required, keys } = found;
  const facts = [
    value,
    ...(required ? ["required"] : []),
    ...(fallback === "" ? [] : [`by default ${fallback}`]),
  ].join("; ");
  const head = path === "" ? [] : [`${path}: ${facts}`, `  ${description}`];
  const rows = keys.map((key) => [
    lastWord(key.path),
    key.value,
    key.required ? "required" : key.fallback,
    key.description,
  ]);
  return `${[
    ...head,
    ...(rows.length === 0
      ? []
      : [
          ...(head.length > 0 ? [""] : []),
          table(["KEY", "VALUE", "DEFAULT", "WHAT IT SETS"], rows),
        ]),
  ].join("\n")}\n`;
}
