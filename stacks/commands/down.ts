import { rmSync } from "node:fs";

import type { Command } from "@commander-js/extra-typings";

import { CommandError } from "./cli/command-error";
import { stackFolder } from "./cli/paths";
import type { Invocation } from "./cli/command-file";
import { examples, stackOption, yesOption } from "./cli/options";
import { Pulumi } from "./engine/pulumi";
import { readStackFile } from "./stack-file/stack-file";
import { readState } from "./state/stack-state";

/** `down`: `pulumi destroy`, then the stack's own record. */
export function define(command: Command, { passed }: Invocation): void {
  command
    .addOption(stackOption())
    .addOption(yesOption())
    .addHelpText(
      "after",
      examples(
        [
          "npm run down",
          "the stack `local`: short-lived, so that it does not ask",
        ],
        ["npm run down -- --stack aws", "asks first: a long-lived stack"],
        ["npm run down -- --stack aws --yes", "does not ask"],
      ),
    )
    .action(async ({ stack, yes }) => {
      process.exitCode = await down(stack, yes === true, passed);
    });
}

async function down(
  stack: string,
  yes: boolean,
  passed: readonly string[],
): Promise<number> {
  const unasked = readStackFile(stack).shortLived || yes;
  if (!unasked && !process.stdin.isTTY) {
    throw new CommandError(
      `stack ${stack}: long-lived, and nobody is here to be asked: say --yes to take it down`,
    );
  }
  const pulumi = await Pulumi.resolve({ stack });
  if (!(await pulumi.has(stack))) {
    process.stdout.write(`stack ${stack}: not up\n`);
    return 0;
  }
  await pulumi.ready(stack);
  const code = await pulumi.run([
    ...["destroy", "--stack", stack],
    ...(unasked ? ["--yes", "--skip-preview"] : []),
    ...passed,
  ]);
  if (code !== 0) return code;
  // With `--target`, a part of the stack is still there.
  if (passed.length > 0 && (await readState(pulumi, stack)).length > 0)
    return 0;
  await pulumi.read(["stack", "rm", stack, "--yes", "--preserve-config"]);
  rmSync(stackFolder(stack), { recursive: true, force: true });
  // The engine's own last word is how to remove a stack that is by now removed.
  process.stdout.write(`\nstack ${stack}: removed, with its history\n`);
  return 0;
}
