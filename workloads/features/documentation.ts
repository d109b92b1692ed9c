import type { Contract } from "./contract";
import {
  featureColumns,
  tableName,
  validFrom,
  windowName,
  type Feature,
  type FeatureView,
} from "./feature-view";

/** The page of a feature view, in Markdown: what people who train on it must know. */
export function describeView(view: FeatureView, source: Contract): string {
  const { window, table } = view;
  return [
    `# ${tableName(view)}`,
    "",
    view.description,
    "",
    `- owner: ${view.owner}, version ${view.version}`,
    `- one row ${window.kind === "whole" ? `a \`${view.entity}\`` : `a \`${view.entity}\` and full hour at which a value changes`}`,
    `- from: \`${source.name}\` (${source.description})`,
    `- ${window.kind === "whole" ? "over all events of the entity" : `over the last ${window.hours.map(windowName).join(", ")} before \`${validFrom}\``}`,
    `- holds from \`${validFrom}\`: no event at or after it has a part in the row`,
    `- computed: ${view.schedule === undefined ? "when the program runs" : `\`${view.schedule}\` (UTC)`}`,
    `- every instant of the last ${table.keepDays} days can be read again`,
    "",
    "| feature | columns | what it is |",
    "| --- | --- | --- |",
    ...Object.entries(view.features).map(
      ([name, feature]) =>
        `| ${name} | ${columnsOf(view, name)} | ${feature.description}: ${formula(feature)} |`,
    ),
    "",
    "```python",
    "from mlstack_features import FeatureStore",
    "",
    `FeatureStore.from_environment().latest("${tableName(view)}", columns=["${view.entity}", "${featureColumns(view)[0] ?? ""}"])`,
    "```",
    "",
  ].join("\n");
}

function columnsOf(view: FeatureView, name: string): string {
  return featureColumns({
    ...view,
    features: Object.fromEntries(
      Object.entries(view.features).filter(([key]) => key === name),
    ),
  })
    .map((column) => `\`${column}\``)
    .join(", ");
}

function formula({ aggregate, of, where }: Feature): string {
  const what = of === undefined ? "events" : `\`${of}\``;
  const condition =
    where === undefined
      ? ""
      : ` where \`${where.field}\` is ${where.in.join(" or ")}`;
  return `${aggregate} of ${what}${condition}`;
}
