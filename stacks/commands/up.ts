import { prepare } from "../../airgap";
import { readOptions, runCommand } from "./command";
import { Pulumi } from "./pulumi";
import { describeReport, nextSteps, writeReport } from "./report";

/** `npm run up -- [--stack S]`: builds what is missing, `pulumi up`, and a table of how the jobs went. */
runCommand(async () => {
  const { values } = readOptions({
    stack: { type: "string", short: "s", default: "local" },
    yes: { type: "boolean", short: "y" },
  });
  const { stack } = values;
  const startedAt = new Date();
  if (stack === "local") await prepare();
  const pulumi = await Pulumi.resolve();
  await pulumi.select(stack);
  const unasked = stack === "local" || values.yes === true;
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
  if (code === 0) process.stdout.write(`\n${nextSteps(stack)}\n`);
  return code;
});
