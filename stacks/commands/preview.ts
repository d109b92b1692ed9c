import type { Command } from "@commander-js/extra-typings";

import { chartChanges } from "../preview/chart-changes";
import { declaredResources } from "../cost/declared";
import { costLine, overBudget, previewCost } from "../cost/preview-cost";
import { stackCost } from "../cost/stack-cost";
import type { CostSum } from "../cost/sum";
import { previewComment } from "../preview/comment";
import type { Digest } from "../preview/digest";
import { diffChart, type ChartDiff } from "../preview/rendered-chart";
import { runPreview } from "../preview/run-preview";
import type { Invocation } from "./commands";
import { examples, stackOption } from "./options";
import { Pulumi } from "./pulumi";
import { type ReadableStack, readStackConfig } from "./stack-config";

/** `preview`: what `up` would do; as Markdown, the comment on a pull request. The exit code is Pulumi's. */
export function define(command: Command, { passed }: Invocation): void {
  command
    .addOption(stackOption())
    .option("--expect-no-changes", "fail when there is a change")
    .option("--markdown", "as the comment on a pull request")
    .addHelpText(
      "after",
      examples(
        ["npm run preview -- --stack aws", "before there is a cluster"],
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

/** Says where a stack is over its budget. @returns 1 where that stops it */
async function withinBudget(stack: string): Promise<number> {
  const readable = readStackConfig(stack);
  const { config, values } = readable;
  if (!config.budget) return 0;
  const sum = stackCost(config, await declaredResources(stack, values));
  const verdict = sum && judged(readable, sum);
  if (!verdict) return 0;
  process.stderr.write(`mlstack: ${verdict.words}\n`);
  return verdict.stops ? 1 : 0;
}

function judged({ config: { budget } }: ReadableStack, sum: CostSum) {
  const words = budget && overBudget(budget, sum);
  return words === undefined
    ? undefined
    : { words, stops: budget?.stop === true };
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
  const { lines, stops } = code === 0 ? costOf(stack, digest) : noCost;
  process.stdout.write(previewComment({ stack, digest, charts, cost: lines }));
  return stops ? 1 : code;
}

const noCost = { lines: [], stops: false };

/** What the comment says of the cost, and whether the budget stops the change. */
function costOf(
  stack: string,
  digest: Digest,
): { readonly lines: readonly string[]; readonly stops: boolean } {
  const readable = readStackConfig(stack);
  const cost = previewCost(readable.config, digest);
  if (!cost) return noCost;
  const verdict = judged(readable, cost.after);
  const warning = verdict
    ? [
        `**${verdict.stops ? "Over budget, stopped" : "Over budget"}**: ${verdict.words}`,
      ]
    : [];
  return {
    lines: [costLine(cost), ...warning],
    stops: verdict?.stops === true,
  };
}
