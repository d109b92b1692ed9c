import type { Command } from "@commander-js/extra-typings";

import { prepare } from "../../infra/supply";
import { refuseWeakBackEnd } from "./engine/back-end";
import { CommandError } from "./cli/command-error";
import type { Invocation } from "./cli/command-file";
import { mendKilledRun } from "./state/killed-run";
import { lostCluster } from "./state/lost-cluster";
import {
  examples,
  localStateOption,
  stackOption,
  yesOption,
} from "./cli/options";
import { Pulumi } from "./engine/pulumi";
import { describeReport, nextSteps, writeReport } from "./report/report";
import { readRerun, rerunLine } from "./jobs/rerun";
import { readStackConfig } from "./stack-file/stack-config";
import { readStackFile } from "./stack-file/stack-file";
import { exportState, resourcesOf } from "./state/stack-state";

/** `up`: builds what is missing, `pulumi up`, and a table of how the jobs went. */
export function define(command: Command, { passed }: Invocation): void {
  command
    .addOption(stackOption())
    .addOption(yesOption())
    .addOption(localStateOption())
    .option(
      "--rerun <job...>",
      "run jobs again, and the jobs that depend on their results: names, or `failed`",
    )
    .addHelpText(
      "after",
      examples(
        ["npm run up", "the stack `local`, on this machine"],
        ["npm run up -- --stack aws", "asks first: a long-lived stack"],
        ["npm run up -- --rerun failed", "runs the jobs that failed again"],
        ["npm run up -- --stack aws -- --refresh", "an option of `pulumi up`"],
      ),
    )
    .action(async (options) => {
      process.exitCode = await up(options, passed);
    });
}

/**
 * Holds what the program declares to the policy rules. A cluster on this machine is nobody else's, and its API server
 * refuses by itself what its pods must not do.
 *
 * @throws {CommandError} with all that breaks them
 */
async function refuseBrokenRules(stack: string): Promise<void> {
  const { brokenRules } =
    require("../policy/declared") as typeof import("../policy/declared");
  const broken = await brokenRules(stack, readStackConfig(stack).values);
  if (broken.length === 0) return;
  throw new CommandError(
    [
      `stack ${stack}: ${broken.length === 1 ? "this breaks a rule" : `these break the rules`} of stacks/policy, so nothing is done:`,
      ...broken.map((line) => `  ${line}`),
    ].join("\n"),
  );
}

/** Brings a stack up. @returns the exit code */
export async function up(
  options: {
    readonly stack: string;
    readonly yes?: true;
    readonly localState?: true;
    readonly rerun?: readonly string[];
  },
  passed: readonly string[],
): Promise<number> {
  const { stack } = options;
  const startedAt = new Date();
  const file = readStackFile(stack);
  refuseWeakBackEnd(file, options.localState === true);
  if (!file.embedded) await refuseBrokenRules(stack);
  if (file.embedded) await prepare(file.parts);
  const pulumi = await Pulumi.resolve({ stack });
  pulumi.requireCloudPlugin(stack);
  const isNew = await pulumi.ready(stack);
  const unasked = file.shortLived || options.yes === true;
  const exported = isNew ? undefined : await exportState(pulumi, stack);
  const lost =
    file.embedded && exported !== undefined
      ? lostCluster(resourcesOf(exported))
      : undefined;
  if (lost !== undefined) {
    process.stdout.write(
      `stack ${stack}: ${lost} is gone, and its cluster with it: dropping what the state says of both\n`,
    );
    const dropped = await pulumi.run([
      ...["destroy", "--stack", stack],
      ...(unasked ? ["--yes", "--skip-preview"] : []),
    ]);
    if (dropped !== 0) return dropped;
  } else if (exported !== undefined) {
    for (const line of await mendKilledRun(exported))
      process.stdout.write(`stack ${stack}: ${line}\n`);
  }
  const again = options.rerun
    ? await readRerun(pulumi, stack, options.rerun)
    : [];
  const code = await pulumi.run([
    ...["up", "--stack", stack, "--suppress-outputs"],
    ...(unasked ? ["--yes", "--skip-preview"] : []),
    ...again,
    ...passed,
  ]);
  const report = await writeReport(pulumi, stack, {
    startedAt,
    seconds: (Date.now() - startedAt.getTime()) / 1000,
  });
  process.stdout.write(`\n${describeReport(report)}\n`);
  if (code === 0) process.stdout.write(`\n${nextSteps(report)}\n`);
  const rerun = rerunLine(stack, report.workloads);
  if (rerun !== undefined) {
    process.stdout.write(`\nTo run what failed again: ${rerun}\n`);
  }
  return code;
}
