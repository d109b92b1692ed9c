import { Command, CommanderError } from "@commander-js/extra-typings";

import { version } from "../../package.json";
import { CommandError, root } from "./command";
import { refuseForgottenDashes, refuseWords } from "./command-line";
import { commands, type CommandEntry } from "./commands";
import { stackNames } from "./stack-file";

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
  for (const [each, { summary, hidden }] of Object.entries(commands)) {
    program.command(each, { hidden }).summary(summary).description(summary);
  }
  const command = program.commands.find((each) => each.name() === name);
  if (entry === undefined || command === undefined) {
    await program.parseAsync(own, { from: "user" });
    return;
  }
  const { define } = entry.load();
  // A command that has neither arguments nor options yet.
  define(command as Command, { passed, program });
  if (!/^(help|complete)$/.test(own[0] ?? "")) {
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
      optionsOf(action).some(({ long }) => long === "--stack")
        ? stackNames()
        : [],
    );
  });
  await program.parseAsync(own, { from: "user" });
}

type AnyCommand = Pick<Command, "options" | "commands">;

/** Options of a command and of those below it. */
function optionsOf(command: AnyCommand): AnyCommand["options"] {
  return [...command.options, ...command.commands.flatMap(optionsOf)];
}

/** The command that a line is about: of `help up` and of the completion of `up --st` too. */
function selected(argv: readonly string[]): string {
  if (argv[0] === "help") return argv[1] ?? "";
  return argv[0] ?? "";
}

/** What stands before the first `--`, and what follows it. */
function split(argv: readonly string[]) {
  const at = argv.indexOf("--");
  return at === -1
    ? { own: argv, passed: [] }
    : { own: argv.slice(0, at), passed: argv.slice(at + 1) };
}

function makeProgram() {
  return (
    new Command("mlstack")
      .description(
        "One machine-learning platform on any Kubernetes. Every command is an npm script too: `npm run up -- --stack aws`.",
      )
      .version(version)
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
