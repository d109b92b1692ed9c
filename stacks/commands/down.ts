import { rmSync } from "node:fs";

import { readOptions, runCommand, stackFolder } from "./command";
import { Pulumi } from "./pulumi";
import { readStackFile } from "./stack-file";

/** `npm run down -- [--stack S]`: `pulumi destroy`, then the stack's own record. */
runCommand(async () => {
  const { values } = readOptions({
    stack: { type: "string", short: "s", default: "local" },
    yes: { type: "boolean", short: "y" },
  });
  const { stack } = values;
  const pulumi = await Pulumi.resolve();
  await pulumi.select(stack);
  const unasked = readStackFile(stack).shortLived || values.yes === true;
  const code = await pulumi.run([
    "destroy",
    "--stack",
    stack,
    ...(unasked ? ["--yes", "--skip-preview"] : []),
  ]);
  if (code !== 0) return code;
  await pulumi.read(["stack", "rm", stack, "--yes", "--preserve-config"]);
  rmSync(stackFolder(stack), { recursive: true, force: true });
  // The engine's own last word is how to remove a stack that is by now removed.
  process.stdout.write(`\nstack ${stack}: gone, with its history\n`);
  return 0;
});
