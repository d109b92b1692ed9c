import { prepare } from "../../airgap";
import { readOptions, runCommand } from "./command";
import { lostCluster } from "./lost-cluster";
import { Pulumi } from "./pulumi";
import { describeReport, nextSteps, writeReport } from "./report";
import { readStackFile } from "./stack-file";
import { readState } from "./stack-state";

/** `npm run up -- [--stack S]`: builds what is missing, `pulumi up`, and a table of how the jobs went. */
runCommand(async () => {
  const { values } = readOptions({
    stack: { type: "string", short: "s", default: "local" },
    yes: { type: "boolean", short: "y" },
  });
  const { stack } = values;
  const startedAt = new Date();
  const { embedded, parts, shortLived } = readStackFile(stack);
  if (embedded) await prepare(parts);
  const pulumi = await Pulumi.resolve();
  pulumi.requireCloudPlugin(stack);
  const isNew = await pulumi.select(stack);
  const unasked = shortLived || values.yes === true;
  const lost =
    embedded && !isNew && lostCluster(await readState(pulumi, stack));
  if (lost) {
    process.stdout.write(
      `stack ${stack}: ${lost} is gone, and its cluster with it: dropping what the state says of both\n`,
    );
    const dropped = await pulumi.run(["destroy", "--stack", stack, "--yes"]);
    if (dropped !== 0) return dropped;
  }
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
