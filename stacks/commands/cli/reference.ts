import { Command } from "@commander-js/extra-typings";

import { commands } from "../command-list";
import type { CommandEntry } from "./command-file";

/** Reference of the commands as a Markdown page: a section a command, with its options and examples. */
export function commandReference(): string {
  return [
    "# Commands",
    "",
    "Every command of the program `mlstack`, in the order of its `--help`. `npm run schema` generates this page from the",
    "commands; do not edit it. `npx mlstack COMMAND` and `npm run COMMAND --` are the same. Commands that say so pass arguments",
    "after a second `--` to Pulumi.",
    ...Object.entries(commands).flatMap(([name, entry]) =>
      entry.hidden === true ? [] : section(name, entry),
    ),
    "",
  ].join("\n");
}

function section(name: string, entry: CommandEntry): readonly string[] {
  const head = ["", `## \`${name}\``, "", `${sentence(entry.summary)}.`];
  // All of its words are for the other program, which has its own help.
  if (entry.raw === true) return head;
  const command = new Command(name);
  entry.load().define(command as Command, {
    passed: [],
    program: new Command("mlstack") as Command,
  });
  return [
    ...head,
    ...(entry.passes === true
      ? ["Arguments after `--` are passed to Pulumi."]
      : []),
    ...parts(command),
    ...command.commands.flatMap((below) => [
      "",
      `### \`${name} ${[below.name(), ...argumentsOf(below)].join(" ")}\``,
      "",
      `${sentence(below.description() || below.summary())}.`,
      ...parts(below as unknown as Command),
    ]),
  ];
}

type Parts = Pick<
  Command,
  "registeredArguments" | "options" | "outputHelp" | "configureOutput"
>;

function parts(command: Parts): readonly string[] {
  const rows = [
    ...command.registeredArguments.map(
      (argument) =>
        `| ${code(nameOf(argument))} | ${cell(argument.description)} | ${fallback(argument.defaultValue)} |`,
    ),
    // Choices are left out: those of --stack are the files of this checkout.
    ...command.options
      .filter(({ hidden }) => !hidden)
      .map(
        (option) =>
          `| ${code(option.flags)} | ${cell(option.description)} | ${option.defaultValueDescription ?? fallback(option.defaultValue)} |`,
      ),
  ];
  const examples = examplesOf(command);
  return [
    ...(rows.length === 0
      ? []
      : [
          "",
          "| argument or option | meaning | default |",
          "| --- | --- | --- |",
          ...rows,
        ]),
    ...(examples.length === 0
      ? []
      : ["", ...examples.map((line) => `    ${line}`)]),
  ];
}

/** Lines of the examples at the end of a command's help. */
function examplesOf(command: Parts): readonly string[] {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  const [, after = ""] = text.split(/^Examples:\n/m);
  return after
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function argumentsOf(command: Pick<Command, "registeredArguments">): string[] {
  return command.registeredArguments.map(nameOf);
}

function nameOf(argument: Command["registeredArguments"][number]): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function fallback(value: unknown): string {
  if (value === undefined || value === false) return "";
  return code(typeof value === "string" ? value : JSON.stringify(value));
}

function code(text: string): string {
  return text === "" ? "" : `\`${text.replaceAll("|", "\\|")}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function sentence(text: string): string {
  // A text that begins with the name of a program or a command keeps its lower-case letter.
  return /^[a-z]/.test(text)
    ? text.charAt(0).toUpperCase() + text.slice(1)
    : text;
}
