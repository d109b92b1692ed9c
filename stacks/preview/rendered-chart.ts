import type { ChartChange, ChartUse } from "./chart-changes";
import { renderChart } from "./helm";
import { manifestDiff, type ManifestChange } from "./manifest-diff";
import { concealed } from "./property-changes";

/** Effect of a changed chart on the cluster's objects, or why it cannot be shown. */
export interface ChartDiff extends ChartChange {
  readonly manifests: readonly ManifestChange[] | { readonly error: string };
}

/** Renders both sides of a changed chart with helm and compares the objects. */
export async function diffChart(change: ChartChange): Promise<ChartDiff> {
  try {
    const before = await render(change.before);
    const after = await render(change.after);
    return { ...change, manifests: manifestDiff(before, after) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { ...change, manifests: { error: text.split("\n")[0] ?? "" } };
  }
}

function render(use: ChartUse): Promise<string> {
  // Values that are not known yet keep a place of their own in the manifests.
  return renderChart(use, concealed(use.values, ""));
}
