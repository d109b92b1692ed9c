import { existsSync } from "node:fs";
import { delimiter, dirname } from "node:path";

import { type Command, Option } from "@commander-js/extra-typings";

import { toolPath } from "../../infra/supply/toolchain/tools";
import { examples, stackOption } from "./cli/options";
import { Pulumi } from "./engine/pulumi";

/** Syntax with which each shell sets and unsets a variable. */
const shells = {
  bash: {
    set: (name: string, value: string) => `export ${name}=${quoted(value)}`,
    unset: (name: string) => `unset ${name}`,
  },
  fish: {
    set: (name: string, value: string) =>
      `set -gx ${name} '${value.replace(/[\\']/g, "\\$&")}'`,
    unset: (name: string) => `set -e ${name}`,
  },
  powershell: {
    set: (name: string, value: string) =>
      `$Env:${name} = '${value.replace(/'/g, "''")}'`,
    unset: (name: string) =>
      `Remove-Item Env:${name} -ErrorAction SilentlyContinue`,
  },
} as const;

/** `env`: the environment in which `pulumi` works by hand as the commands use it. */
export function define(command: Command): void {
  command
    .addOption(stackOption())
    .addOption(
      new Option("--shell <shell>", "the shell that reads it")
        .choices(["bash", "zsh", "fish", "powershell"])
        .default(shellOf(process.env["SHELL"]), "that of $SHELL"),
    )
    .addHelpText(
      "after",
      examples(
        ['eval "$(npm run -s env)"', "bash and zsh"],
        ["npm run -s env -- --shell fish | source", "fish"],
        ['eval "$(npm run -s env -- --stack aws)"', "with its back end"],
      ),
    )
    .action(async ({ stack, shell }) => {
      const { command: program, env } = await Pulumi.resolve({ stack });
      const folders = [program, toolPath("kubectl"), toolPath("helm")]
        .filter((file) => existsSync(file))
        .map(dirname);
      const path = env["PATH"] ?? process.env["PATH"] ?? "";
      const variables = {
        ...env,
        PATH: [...new Set(folders), path].join(delimiter),
      };
      const { set, unset } = shells[shell === "zsh" ? "bash" : shell];
      for (const [name, value] of Object.entries(variables)) {
        const line = value === undefined ? unset(name) : set(name, value);
        process.stdout.write(`${line}\n`);
      }
    });
}

function quoted(value: string): string {
  return `'${value.replace(/'/g, `'\\''`)}'`;
}

function shellOf(path: string | undefined) {
  const name = path?.split("/").at(-1);
  return name === "fish" ? name : "bash";
}
