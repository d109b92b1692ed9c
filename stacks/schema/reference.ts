import type { JsonSchema } from "./json-schema";

/** Reference of all keys as a Markdown page: a section a key of the first level, a table row a key below it. */
export function reference({
  properties = {},
  required = [],
}: JsonSchema): string {
  const sections = Object.entries(properties).flatMap(([key, schema]) => [
    "",
    `## \`mlstack:${key}\``,
    "",
    `${schema.description ?? ""}${required.includes(key) ? "; required" : ""}.`,
    ...section(schema),
  ]);
  return [
    "# Configuration",
    "",
    "Every key of a stack's file `stacks/Pulumi.<stack>.yaml`. `npm run schema` generates this page and `stacks/schema.json`,",
    "which editors use for completion and validation, from the schema in `stacks/config.ts`; do not edit them. Rules across",
    "keys (a pool that a workload names, ranges that overlap, a quota) are checked before anything changes, and each error is",
    "reported with its path and the remedy.",
    ...sections,
    "",
  ].join("\n");
}

/** Reference of a workload's declaration as a Markdown page: its own keys, then a section for each kind of step. */
export function workloadReference(schema: JsonSchema): string {
  const { steps, ...properties } = schema.properties ?? {};
  const kinds = steps?.additionalProperties;
  return [
    "# A workload's declaration",
    "",
    "Every key of `workload.yaml` in a workload's folder. `npm run schema` generates this page and",
    "`workloads/workload.schema.json`, which editors use for completion and validation, from the schema in `workloads/schema`;",
    "do not edit them.",
    "",
    ...headed(rowsOf({ ...schema, properties }, "")),
    "",
    `\`steps.<name>\`: ${steps?.description ?? ""}.`,
    "",
    "A step's result is a JSON object of at most 4,096 bytes, which the step writes to the file that `MLSTACK_RESULT` names.",
    "`{ result: STEP, field: NAME }` passes a field of it to another step. `{ bucket: NAME, path: PATH }` is a URI in the scheme",
    "of the target.",
    ...(typeof kinds === "object" ? section(kinds) : []),
    "",
  ].join("\n");
}

/** Reference of a data set's declaration as a Markdown page: a section a key of the first level. */
export function dataSetReference({
  properties = {},
  required = [],
}: JsonSchema): string {
  return [
    "# A data set's declaration",
    "",
    "Every key of `data-set.yaml` in a data set's folder; `workloads/flights/data-set.yaml` is an example. `npm run schema`",
    "generates this page and `workloads/data-set.schema.json`, which editors use for completion and validation, from the schema",
    "in `workloads/features/data-set.ts`; do not edit them. Rules across keys (a field that a feature uses, the owner's team,",
    "names of tables) are checked before anything changes, and each error is reported with its path and the remedy.",
    ...Object.entries(properties).flatMap(([key, schema]) => [
      "",
      `## \`${key}\``,
      "",
      `${schema.description ?? ""}${required.includes(key) ? "; required" : ""}.`,
      ...section(schema),
    ]),
    "",
    "## A person's data",
    "",
    "`npm run features -- delete VIEW --entity X` deletes an entity of a view from the events, from every view of them, from the",
    "online store and from the dead letters, and then verifies that none of it is left. Earlier instants can be read for the",
    "table's `keepDays`, or until `--purge`. A late event of X makes a new row. See workloads/features/README.md for details.",
    "",
  ].join("\n");
}

function section(schema: JsonSchema): string[] {
  const kinds = choices(schema);
  const tagged = kinds.filter(({ properties }) => properties?.["kind"]);
  if (tagged.length > 1)
    return tagged.flatMap((kind) => [
      "",
      `### \`kind: ${String(kind.properties?.["kind"]?.const)}\``,
      "",
      `${kind.properties?.["kind"]?.description ?? ""}.`,
      "",
      ...table(kind, ["kind"]),
    ]);
  const rows = rowsOf(schema, "");
  return rows.length > 0 ? ["", ...headed(rows)] : ["", valueLine(schema)];
}

function valueLine(schema: JsonSchema): string {
  const fallback = defaultOf(schema);
  return `Value: ${typeOf(schema)}${fallback === "" ? "" : `; by default ${fallback}`}.`;
}

function table(schema: JsonSchema, without: readonly string[]): string[] {
  const rows = rowsOf(schema, "").filter(([key]) => !without.includes(key));
  return rows.length > 0 ? headed(rows) : ["It has no further keys."];
}

type Row = readonly [
  key: string,
  value: string,
  fallback: string,
  what: string,
];

function headed(rows: readonly Row[]): string[] {
  return [
    "| key | value | default | meaning |",
    "| --- | ----- | ------- | ------- |",
    ...rows.map(
      ([key, value, fallback, what]) =>
        `| \`${key}\` | ${value} | ${fallback} | ${what} |`,
    ),
  ];
}

function rowsOf(schema: JsonSchema, prefix: string): Row[] {
  const { properties, required = [], items, additionalProperties } = schema;
  if (items) return rowsOf(items, `${prefix}[]`);
  const other =
    typeof additionalProperties === "object"
      ? rowsOf(
          additionalProperties,
          prefix === "" ? "<name>" : `${prefix}.<name>`,
        )
      : [];
  if (properties)
    return [
      ...Object.entries(properties).flatMap(([key, value]) => {
        const path = prefix === "" ? key : `${prefix}.${key}`;
        return [
          [
            path,
            typeOf(value),
            required.includes(key) ? "required" : defaultOf(value),
            escaped(value.description ?? ""),
          ] as const,
          ...rowsOf(value, path),
        ];
      }),
      ...other,
    ];
  if (other.length > 0) return other;
  const seen = new Set<string>();
  return choices(schema).flatMap((each) => {
    const tag = ["kind", "protocol"].find((key) => each.properties?.[key]);
    const word = tag ? typeOf(each.properties?.[tag] ?? {}) : "";
    return rowsOf(each, prefix)
      .filter(([key]) => !/\.secure$/.test(key))
      .map(([key, value, fallback, what]): Row =>
        key === `${prefix}.${tag ?? ""}`
          ? [key, value, fallback, what]
          : [key, value, fallback, word ? `${what} (${word})` : what],
      )
      .filter((row) => {
        const line = row.join("|");
        return !seen.has(line) && seen.add(line);
      });
  });
}

/** Schemas of which a value fits one. */
export function choices({ anyOf, oneOf }: JsonSchema): readonly JsonSchema[] {
  return anyOf ?? oneOf ?? [];
}

/** Allowed values, in words. */
export function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(", ");
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  const among = choices(schema);
  if (among.some(({ properties }) => properties?.["secure"]))
    return "text, as a secret";
  if (among.length > 0) return [...new Set(among.map(typeOf))].join(" or ");
  if (schema.properties) return "keys below";
  if (schema.type === "object") return "keys of your own";
  const { type = "any" } = schema;
  return (typeof type === "string" ? [type] : type)
    .map((each) => (each === "string" ? "text" : each))
    .join(" or ");
}

/** Value unless one is given, in words; empty where there is none. */
export function defaultOf(schema: JsonSchema): string {
  const value = schema.default;
  if (value === undefined) return "";
  return typeof value === "object" &&
    value !== null &&
    Object.keys(value).length === 0
    ? ""
    : code(value);
}

function code(value: unknown): string {
  if (value === "") return '`""`';
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function escaped(text: string): string {
  return text
    .replaceAll("|", "\\|")
    .replace(/[<>](?![^`]*`)/g, (c) => `\\${c}`);
}
