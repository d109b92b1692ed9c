import { chartChanges } from "../preview/chart-changes";
import { previewComment } from "../preview/comment";
import { diffChart, type ChartDiff } from "../preview/rendered-chart";
import { runPreview } from "../preview/run-preview";
import { readOptions, runCommand } from "./command";
import { Pulumi } from "./pulumi";

/**
 * `npm run preview -- [--stack S] [--expect-no-changes] [--markdown]`: what `up` would do; as Markdown, the comment
 * on a pull request. The exit code is Pulumi's.
 */
runCommand(async () => {
  const { values } = readOptions({
    stack: { type: "string", short: "s", default: "local" },
    "expect-no-changes": { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
  });
  const { stack, markdown } = values;
  const pulumi = await Pulumi.resolve({ preview: true });
  const args = [
    "--stack",
    stack,
    ...(values["expect-no-changes"] ? ["--expect-no-changes"] : []),
  ];
  if (!markdown) {
    return pulumi.borrow(stack, () => pulumi.run(["preview", ...args]));
  }
  const { code, digest } = await pulumi.borrow(stack, () =>
    runPreview(pulumi, args),
  );
  const charts: ChartDiff[] = [];
  // One after another: helm keeps one cache of a repository's index.
  for (const change of chartChanges(digest.steps ?? [])) {
    charts.push(await diffChart(change));
  }
  process.stdout.write(previewComment({ stack, digest, charts }));
  return code;
});
