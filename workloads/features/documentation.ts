import type { Field } from "./contract";
import type { DataSet } from "./data-set";
import {
  featureColumns,
  featureViewSpec,
  tableName,
  validFrom,
  windowName,
  type Feature,
  type FeatureView,
  featureType,
} from "./feature-view";

/** A page of Markdown. */
export interface Page {
  /** Name of its file. */
  readonly file: string;
  readonly text: string;
}

/** The pages of data sets: one for each view, and one that lists them. */
export function pagesOf(dataSets: readonly DataSet[]): readonly Page[] {
  const views = dataSets.flatMap((dataSet) =>
    dataSet.views.map((view) => ({ view, dataSet })),
  );
  return [
    {
      file: "README.md",
      text: lines(
        "# Feature views",
        "",
        ...rows(
          ["view", "entity", "source", "owner", "what it is"],
          views.map(({ view }) => [
            `[${tableName(view)}](${fileOf(view)})`,
            code(view.entity),
            code(view.source),
            view.owner,
            view.description,
          ]),
        ),
      ),
    },
    ...views.map(({ view, dataSet }) => ({
      file: fileOf(view),
      text: describeView(view, dataSet),
    })),
  ];
}

/** The page of a feature view: what people who train on it must know. */
export function describeView(
  view: FeatureView,
  { contract, models }: Pick<DataSet, "contract" | "models">,
): string {
  const table = tableName(view);
  const learners = models.filter((model) => model.view === table);
  return lines(
    `# ${table}`,
    "",
    view.description,
    "",
    ...rows(
      ["", ""],
      [
        ["owner", view.owner],
        ["version", String(view.version)],
        ["entity key", typed(view.entity, contract.fields[view.entity])],
        ["event time", code(contract.eventTime)],
        [
          "source",
          `${code(contract.name)}, version ${contract.version}: ${contract.description}`,
        ],
        ["rows", rowsOf(view)],
        ["holds from", `${code(validFrom)}: no event at or after it counts`],
        [
          "computed",
          view.schedule === undefined
            ? "when the program runs"
            : `${code(view.schedule)} (UTC), where the stack schedules its views; and when the program runs`,
        ],
        ["read again", `every instant of the last ${view.table.keepDays} days`],
        [
          "learn from it",
          learners
            .map(({ name, description }) => `${code(name)}: ${description}`)
            .join(" ") || "no models yet",
        ],
      ],
    ),
    "",
    "## Features",
    "",
    ...rows(
      ["column", "type", "window", "what it is"],
      Object.entries(view.features).flatMap(([name, feature]) =>
        windowsOf(view, name).map(({ column, window }) => [
          code(column),
          featureType(feature, contract),
          window,
          `${feature.description}: ${formula(feature)}`,
        ]),
      ),
    ),
    "",
    "## Reading it",
    "",
    "```python",
    "from mlstack_features import FeatureStore",
    "",
    'store = FeatureStore.from_environment()  # MLSTACK_FEATURE_STORE="s3://feature-store"',
    `columns = ${pythonList(featureColumns(view))}`,
    `store.latest("${table}", columns=columns)`,
    `instant = store.history("${table}")[-1].time`,
    `store.as_of("${table}", instant)  # the same today and in a month`,
    ...(view.window.kind === "whole"
      ? []
      : [
          `store.point_in_time_join(labels, "${table}", time="at", columns=columns, instant=instant)`,
        ]),
    "```",
    "",
    "## Table",
    "",
    ...rows(
      ["setting", "value"],
      Object.entries(featureViewSpec(view, contract).hudi).map((setting) =>
        setting.map(code),
      ),
    ),
  );
}

function fileOf(view: FeatureView): string {
  return `${tableName(view)}.md`;
}

function rowsOf({ window, entity }: FeatureView): string {
  return window.kind === "whole"
    ? `one a ${code(entity)}, over all of its events`
    : `one a ${code(entity)} and full hour at which a value changes`;
}

/** Columns of a feature, and what events each is over. */
function windowsOf(view: FeatureView, name: string) {
  const feature = view.features[name];
  if (feature === undefined) return [];
  const columns = featureColumns({ ...view, features: { [name]: feature } });
  const { window } = view;
  return columns.map((column, at) => ({
    column,
    window:
      window.kind === "whole"
        ? "all events"
        : `the ${windowName(window.hours[at] ?? 0)} before`,
  }));
}

function formula({ aggregate, of, where }: Feature): string {
  const what = of === undefined ? "events" : code(of);
  const condition =
    where === undefined
      ? ""
      : ` where ${code(where.field)} is ${ranged(where)}`;
  return `${aggregate} of ${what}${condition}`;
}

/** The values that a condition admits, in words. */
function ranged(where: NonNullable<Feature["where"]>): string {
  if ("in" in where) return where.in.join(" or ");
  const { above, below } = where;
  return [
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ].join(" and ");
}

function typed(name: string, field: Field | undefined): string {
  return field === undefined ? code(name) : `${code(name)} (${field.type})`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function pythonList(names: readonly string[]): string {
  return `[${names.map((name) => `"${name}"`).join(", ")}]`;
}

/** A table of Markdown, in which a bar would begin another cell. */
function rows(
  head: readonly string[],
  cells: readonly (readonly string[])[],
): string[] {
  const line = (row: readonly string[]) =>
    `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...cells.map(line)];
}

function lines(...text: readonly string[]): string {
  return `${text.join("\n")}\n`;
}
