import { prepare } from "../../airgap";
import { readOptions, runCommand } from "./command";
import { Pulumi } from "./pulumi";
import { describeReport, nextSteps, writeReport } from "./report";
import { readStackFile } from "./stack-file";

/** `npm run up -- [--stack S]`: builds what is missing, `pulumi up`, and a table of how the jobs went. */
runCommand(async () => {
  const { values } = readOptions({
    stack: { type: "string", short: "s", default: "local" },
    yes: { type: "boolean", short: "y" },
  });
  const { stack } = values;
  const startedAt = new Date();
  const { embedded, shortLived } = readStackFile(stack);
  if (embedded) await prepare();
  const pulumi = await Pulumi.resolve();
  pulumi.requireCloudPlugin(stack);
  await pulumi.select(stack);
  const unasked = shortLived || values.yes === true;
  const code = await pulumi.run([
    "up",
    "--stack",
    stack,
    "--suppress-outputs",
    ...(unasked ? ["--yes", "--skip-preview"] : []),
  ]);
  const report = await writeReport(pulumi, stack, {
    startedAt,
    seconds: (Date.now() - startedAt.getTime()) / 1000,
  });
  process.stdout.write(`\n${describeReport(report)}\n`);
  if (code === 0) process.stdout.write(`\n${nextSteps(report)}\n`);
  return code;
});
