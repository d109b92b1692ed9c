import { CommandError } from "./command-error";

/** An option of a command, by its name without dashes. */
export interface KnownOption {
  readonly name: string;
  readonly takesValue: boolean;
}

/** Options that npm knows as well: their variable may come from a person's settings. */
const npmOptions = ["yes", "json"];

/** Command by which a person started this process: `npm run down --` or `mlstack down`. */
export function invocation(
  command: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const script = env["npm_lifecycle_event"];
  return script !== undefined &&
    env["npm_lifecycle_script"]?.includes("run.mjs") === true
    ? `npm run ${script} --`
    : `mlstack ${command}`;
}

/**
 * Refuses a command line of which npm kept the options for itself: without `--`, `npm run down --stack aws` starts the
 * command with the word `aws` alone and `npm_config_stack=true`.
 *
 * @param positionals how many words the command takes
 * @throws {CommandError} with the line that was meant
 */
export function refuseForgottenDashes(
  command: string,
  args: readonly string[],
  options: readonly KnownOption[],
  positionals: number,
  env: NodeJS.ProcessEnv = process.env,
): void {
  const kept = options.flatMap(({ name, takesValue }) => {
    const value = env[`npm_config_${name.replace(/-/g, "_")}`];
    return value === undefined || value === "" || npmOptions.includes(name)
      ? []
      : [{ name, value: takesValue ? value : undefined }];
  });
  if (kept.length === 0) return;
  const given = args.filter((arg) => arg.startsWith("-"));
  const words = args.filter((arg) => !arg.startsWith("-"));
  const missing = kept.filter(({ value }) => value === "true").length;
  const taken = Math.min(positionals, Math.max(0, words.length - missing));
  const own = words.slice(0, taken);
  const values = words.slice(taken);
  const meant = kept.flatMap(({ name, value }) => [
    `--${name}`,
    ...(value === undefined
      ? []
      : [value === "true" ? (values.shift() ?? "...") : value]),
  ]);
  const line = [
    invocation(command, env),
    ...own,
    ...meant,
    ...values,
    ...given,
  ];
  throw new CommandError(
    `${command}: npm took ${kept.map(({ name }) => `--${name}`).join(", ")} for its own, since \`--\` is missing; nothing was done; write: ${line.join(" ")}`,
  );
}

/**
 * Refuses words that a command does not take.
 *
 * @throws {CommandError} with the line that was meant, where the first of them is the name of a stack
 */
export function refuseWords(
  command: string,
  words: readonly string[],
  positionals: number,
  stacks: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): void {
  if (words.length <= positionals) return;
  const own = words.slice(0, positionals);
  const [first = ""] = words.slice(positionals);
  const line = [invocation(command, env), ...own];
  const remedy = stacks.includes(first)
    ? `nothing was done; to name a stack, write: ${[...line, "--stack", first].join(" ")}`
    : `nothing was done; see: ${[...line.slice(0, 1), "--help"].join(" ")}`;
  const takes = positionals === 0 ? "no words" : `${positionals} of them`;
  throw new CommandError(
    `${command}: ${JSON.stringify(first)}: it takes ${takes}; ${remedy}`,
  );
}
