import type { Command } from "@commander-js/extra-typings";

import { hasEmptyPassphrase, refuseWeakBackEnd } from "./engine/back-end";
import { CommandError } from "./cli/command-error";
import type { Invocation } from "./cli/command-file";
import { Pulumi } from "./engine/pulumi";
import { readStackFile, stackNames } from "./stack-file/stack-file";

/** `pulumi`: any command of the CLI, in the environment and with the back end of the stack that it names. */
export function define(command: Command, { passed }: Invocation): void {
  command.action(async () => {
    process.exitCode = await byHand(passed);
  });
}

async function byHand(words: readonly string[]): Promise<number> {
  const localState = words.includes("--local-state");
  const args = words.filter((word) => word !== "--local-state");
  const named = stackIn(args);
  const pulumi = await Pulumi.resolve({ stack: named });
  const [first = "", second = ""] = args.filter(isWord);
  const initial = first === "stack" && second === "init";
  const makes = /^(up|update)$/.test(first);
  const seals = first === "config" && args.includes("--secret");
  if (!localState && (makes || initial || seals)) {
    const stack = named ?? (initial ? undefined : await selected(pulumi));
    if (stack !== undefined && stackNames().includes(stack)) {
      const file = readStackFile(stack);
      refuseWeakBackEnd(file, false);
      if (seals && hasEmptyPassphrase(file)) refuseSecret(stack);
    }
  }
  return pulumi.run(args);
}

function refuseSecret(stack: string): never {
  throw new CommandError(
    `config: a secret in stacks/Pulumi.${stack}.yaml would be encrypted with the empty passphrase, for everybody who has the file to read: set PULUMI_CONFIG_PASSPHRASE_FILE to a file with a passphrase before the stack is made, or say --local-state`,
  );
}

/** The stack that the arguments of the CLI, or its variable, name. */
function stackIn(args: readonly string[]): string | undefined {
  for (const [index, arg] of args.entries()) {
    const value = /^(?:--stack|-s)=(.+)$/.exec(arg)?.[1];
    if (value !== undefined) return known(value);
    if (arg === "--stack" || arg === "-s") return known(args[index + 1]);
  }
  const [first, second] = args.filter(isWord);
  if (first === "stack" && /^(init|select|rm)$/.test(second ?? "")) {
    return known(args.filter(isWord)[2]);
  }
  return known(process.env["PULUMI_STACK"]);
}

/** A stack of the project; one whose file is gone has the person's own back end. */
function known(stack: string | undefined): string | undefined {
  return stack !== undefined && stackNames().includes(stack)
    ? stack
    : undefined;
}

function isWord(arg: string): boolean {
  return !arg.startsWith("-");
}

async function selected(pulumi: Pulumi): Promise<string | undefined> {
  return pulumi.read(["stack", "--show-name"]).then(
    (text) => text.trim(),
    () => undefined,
  );
}
