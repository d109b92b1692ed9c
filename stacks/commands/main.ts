import { Command, CommanderError } from "@commander-js/extra-typings";

import type { Command as PlainCommand } from "commander";

import { version } from "../../package.json";
import { CommandError } from "./cli/command-error";
import { root } from "./cli/paths";
import { refuseForgottenDashes, refuseWords } from "./cli/refused-words";
import type { CommandEntry } from "./cli/command-file";
import { commands } from "./command-list";
import { stackNames } from "./stack-file/stack-file";

/** Runs the command that the words name. @returns the exit code; an expected failure is one line and 1 */
export async function main(argv: readonly string[]): Promise<number> {
  process.chdir(root);
  try {
    await parse(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`mlstack: ${messageOf(error)}\n`);
    return 1;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof CommandError) return error.message;
  return error instanceof Error
    ? (error.stack ?? error.message)
    : String(error);
}

async function parse(argv: readonly string[]): Promise<void> {
  if (argv[0] === "complete") return complete(argv);
  const name = selected(argv);
  const entry: CommandEntry | undefined = commands[name];
  const { own, passed } = entry?.raw
    ? { own: argv, passed: argv.slice(1) }
    : split(argv);
  if (passed.length > 0 && entry !== undefined && !entry.raw && !entry.passes) {
    throw new CommandError(
      `${name}: ${JSON.stringify(passed.join(" "))}: this command passes nothing on to Pulumi`,
    );
  }
  const program = makeProgram();
  const command = program.commands.find((each) => each.name() === name);
  if (entry === undefined || command === undefined) {
    await program.parseAsync(own, { from: "user" });
    return;
  }
  const { define } = entry.load();
  define(command as Command, { passed, program });
  if (own[0] !== "help") {
    refuseForgottenDashes(
      name,
      own.slice(1),
      entry.raw
        ? [{ name: "stack", takesValue: true }]
        : optionsOf(command).map((option) => ({
            name: option.long?.slice(2) ?? "",
            takesValue: option.required || option.optional,
          })),
      entry.raw ? Infinity : command.registeredArguments.length,
    );
  }
  if (entry.raw) {
    await program.parseAsync([name], { from: "user" });
    return;
  }
  program.hook("preAction", (_, action) => {
    const { registeredArguments, args } = action;
    if (registeredArguments.some(({ variadic }) => variadic)) return;
    refuseWords(
      action.name(),
      args,
      registeredArguments.length,
      optionsOf(command).some(({ long }) => long === "--stack")
        ? stackNames()
        : [],
    );
  });
  await program.parseAsync(own, { from: "user" });
}

/** Script of a shell's completion, or what may follow the words after `complete --`. */
async function complete(argv: readonly string[]): Promise<void> {
  const program = makeProgram();
  const name = argv[2] ?? "";
  const command = program.commands.find((each) => each.name() === name);
  if (command !== undefined && commands[name]?.raw !== true) {
    commands[name]?.load().define(command as Command, { passed: [], program });
  }
  const { default: tab } = await import("@bomb.sh/tab/commander");
  // Its types are of the library without inferred options.
  tab(program as unknown as PlainCommand);
  await program.parseAsync(argv, { from: "user" });
}

type AnyCommand = Pick<Command, "options" | "commands">;

/** Options of a command and of those below it. */
function optionsOf(command: AnyCommand): AnyCommand["options"] {
  return [...command.options, ...command.commands.flatMap(optionsOf)];
}

/** The command that a line is about, as in `help up`. */
function selected(argv: readonly string[]): string {
  if (argv[0] === "help") return argv[1] ?? "";
  return argv[0] ?? "";
}

/** Arguments before the first `--`, and those after it. */
function split(argv: readonly string[]) {
  const at = argv.indexOf("--");
  return at === -1
    ? { own: argv, passed: [] }
    : { own: argv.slice(0, at), passed: argv.slice(at + 1) };
}

/** The program with all of its commands, which have neither arguments nor options yet. */
function makeProgram() {
  const program = bareProgram();
  for (const [name, { summary, hidden }] of Object.entries(commands)) {
    program.command(name, { hidden }).summary(summary).description(summary);
  }
  return program;
}

function bareProgram() {
  return (
    new Command("mlstack")
      .description(
        "One machine-learning platform on any Kubernetes. Every command is an npm script too: `npm run up -- --stack aws`.",
      )
      .version(version)
      .addHelpText(
        "after",
        "\nCompletion, where `mlstack` is a command (npm link): source <(mlstack complete bash), or zsh, or for fish\n`mlstack complete fish | source`.",
      )
      // Words are counted before the action, with the line that was meant.
      .allowExcessArguments(true)
      .exitOverride()
      .configureOutput({
        outputError: (text, write) =>
          write(
            `mlstack: ${text
              .replace(/^error: /, "")
              .replace(/\n\(Did you mean (.*)\?\)/s, "; did you mean $1?")
              .trim()}\n`,
          ),
      })
  );
}
