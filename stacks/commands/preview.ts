import type { Command } from "@commander-js/extra-typings";

import { chartChanges } from "../preview/chart-changes";
import { readConfigFile } from "../ephemeral/config-file";
import { previewComment } from "../preview/comment";
import { diffChart, type ChartDiff } from "../preview/rendered-chart";
import { runPreview } from "../preview/run-preview";
import type { Invocation } from "./cli/command-file";
import { examples, stackOption } from "./cli/options";
import { Pulumi } from "./engine/pulumi";

/** `preview`: what `up` would do; as Markdown, the comment on a pull request. The exit code is Pulumi's. */
export function define(command: Command, { passed }: Invocation): void {
  command
    .addOption(stackOption())
    .option("--expect-no-changes", "fail if there are changes")
    .option("--markdown", "print the comment for a pull request")
    .addHelpText(
      "after",
      examples(
        ["npm run preview -- --stack aws", "before the cluster exists"],
        ["npm run preview -- -- --diff", "an option of `pulumi preview`"],
      ),
    )
    .action(async ({ stack, markdown, expectNoChanges }) => {
      const flags = [
        ...(expectNoChanges ? ["--expect-no-changes"] : []),
        ...passed,
      ];
      process.exitCode = await (markdown
        ? comment(stack, flags)
        : preview(stack, flags));
    });
}

async function preview(
  stack: string,
  flags: readonly string[],
): Promise<number> {
  const pulumi = await Pulumi.resolve({ stack, preview: true });
  const code = await pulumi.previewing(stack, (own, args) =>
    own.run(["preview", ...args, ...flags]),
  );
  return code === 0 ? withinBudget(stack) : code;
}

/** Whether the file has a budget is known without the program, which is loaded for the cost alone. */
function withinBudget(stack: string): Promise<number> | number {
  return "mlstack:budget" in readConfigFile(stack).config
    ? loadCost().withinBudget(stack)
    : 0;
}

async function comment(
  stack: string,
  flags: readonly string[],
): Promise<number> {
  const pulumi = await Pulumi.resolve({ stack, preview: true });
  const { code, digest } = await pulumi.previewing(stack, (own, args) =>
    runPreview(own, [...args, ...flags]),
  );
  const charts: ChartDiff[] = [];
  // One after another: helm keeps one cache of a repository's index.
  for (const change of chartChanges(digest.steps ?? [])) {
    charts.push(await diffChart(change));
  }
  const { lines, stops } =
    code === 0
      ? loadCost().costOfPreview(stack, digest)
      : { lines: [], stops: false };
  process.stdout.write(previewComment({ stack, digest, charts, cost: lines }));
  return stops ? 1 : code;
}

/** Loads every target and the program. */
function loadCost() {
  return require("./cost/budget") as typeof import("./cost/budget");
}
