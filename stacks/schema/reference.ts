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
    "Every key of a stack's file `stacks/Pulumi.<stack>.yaml`. This page and `stacks/schema.json`, by which editors complete",
    "and judge the files, are made from the schema in `stacks/config.ts` by `npm run schema`; do not edit them. What must fit",
    "together (a pool that a workload names, ranges that overlap, a quota) is checked before anything changes, each mistake",
    "with its path and what to write instead.",
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
    "Every key of `workload.yaml` in a workload's folder. This page and `workloads/workload.schema.json`, by which editors",
    "complete and judge the file, are made from the schema in `workloads/schema` by `npm run schema`; do not edit them.",
    "",
    ...headed(rowsOf({ ...schema, properties }, "")),
    "",
    `\`steps.<name>\`: ${steps?.description ?? ""}.`,
    "",
    "A step's result is the JSON object of at most 4,096 bytes that it writes to the file which `MLSTACK_RESULT` names.",
    "`{ result: STEP, field: NAME }` gives a field of it to another step, `{ bucket: NAME, path: PATH }` a URI in the scheme of",
    "the target.",
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
    "Every key of `data-set.yaml` in a data set's folder; `workloads/flights/data-set.yaml` is one. This page and",
    "`workloads/data-set.schema.json`, by which editors complete and judge the file, are made from the schema in",
    "`workloads/features/data-set.ts` by `npm run schema`; do not edit them. What must fit together (a field that a feature",
    "is made of, the owner's team, names of tables) is checked before anything changes, each mistake with its path and what",
    "to write instead.",
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
    "The `entity` of a view is what `npm run features -- delete VIEW --entity X` takes out of the events, of every view over",
    "them, of the online store and of the dead letters, and then looks for again. Instants of before can be read for the",
    "table's `keepDays`, or until `--purge`. A late event of X is a new row. workloads/features/README.md has the whole of it.",
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
    "| key | value | default | what it sets |",
    "| --- | ----- | ------- | ------------ |",
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
  if (schema.type === "object") return "keys of one's own";
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
