/** A data set that is refused: what is other than in the good one, and the line that says so. */
export interface RefusedDataSet {
  readonly what: string;
  /** Keys of data-set.yaml by their paths, as `views.0.entity`; undefined takes one away. */
  readonly keys?: Readonly<Record<string, unknown>>;
  /** The whole of data-set.yaml. */
  readonly text?: string;
  /** Another name for the file. */
  readonly file?: string;
  /** Settings of the stream in the stack's file. */
  readonly stream?: Readonly<Record<string, unknown>>;
  /** Other keys of the stack's file. */
  readonly around?: Readonly<Record<string, unknown>>;
  /** Name of the stream; `trips` unless given. */
  readonly name?: string;
  /** `FILE` stands for the path of data-set.yaml, `FOLDER` for that of its folder. */
  readonly line: string;
}

const field = (name: string, key: string, value: unknown) => ({
  [`contract.fields.${name}.${key}`]: value,
});
const feature = (value: Readonly<Record<string, unknown>>) => ({
  "views.0.features.extra": { description: "another", ...value },
});
/** A stream of a database's table in place of a topic. */
const table = (
  keys: Readonly<Record<string, unknown>>,
  stream: Readonly<Record<string, unknown>> = { topic: undefined },
) => ({
  ...stream,
  source: {
    jdbc: {
      url: "jdbc:postgresql://db.example.org:5432/trips",
      table: "public.trips",
      secret: "trips-db",
      ...keys,
    },
  },
});
const jdbc = "streams.trips.source.jdbc";
const jdbcForm = "write jdbc:postgresql://HOST:PORT/DATABASE";
const fieldNames = "trip_id, zone, at, status, fare, riders, shared";

/** Bad declarations, each with its one line. */
export const refused: readonly RefusedDataSet[] = [
  {
    what: "a folder that is missing",
    stream: { path: "workloads/absent" },
    line: 'streams.trips.path: "workloads/absent": no such folder; make one with `npm run new -- trips --kind data-set`, name another under path, or correct the spelling',
  },
  {
    what: "a name without a folder",
    name: "tripz",
    stream: { path: undefined },
    line: 'streams.tripz: "workloads/tripz": no such folder; make one with `npm run new -- tripz --kind data-set`, name another under path, or correct the spelling',
  },
  {
    what: "a folder without a declaration",
    stream: { path: "workloads/images" },
    line: 'streams.trips.path: "workloads/images": the folder has no data-set.yaml; make one with `npm run new -- trips --kind data-set`',
  },
  {
    what: "a file of another name",
    file: "data_set.yml",
    line: 'streams.trips.path: "FOLDER": the folder has no data-set.yaml; rename its data_set.yml',
  },
  {
    what: "a name that its jobs could not have",
    name: "Trips",
    line: 'streams.Trips: "Trips": use lower-case letters, digits and hyphens, at most 30, starting with a letter',
  },
  {
    what: "a name with the word that its jobs' names have",
    name: "trips-stream",
    line: 'streams.trips-stream: "trips-stream": the names of its jobs begin with NAME-stream; choose a name without the word stream',
  },
  {
    what: "a file that is no YAML",
    text: "contract: [",
    line: "FILE:1:12: missing: it is no YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
  },
  {
    what: "a key that stands twice",
    text: "apiVersion: mlstack.dev/v1\nviews: []\nviews: []\n",
    line: "FILE:3:1: missing: the same key stands here a second time; remove one of the two",
  },
  {
    what: "an alias of nothing",
    text: "views: *others\n",
    line: "FILE: missing: it is no YAML: Unresolved alias (the anchor must be set before the alias): others",
  },
  {
    what: "a file that is no section",
    text: "- contract\n",
    line: 'FILE: ["contract"]: write a section with apiVersion and contract',
  },
  {
    what: "an empty file",
    text: "",
    line: "FILE: null: write a section with apiVersion and contract",
  },
  {
    what: "another version",
    keys: { apiVersion: "v2" },
    line: 'FILE: apiVersion: "v2": choose one of mlstack.dev/v1',
  },
  {
    what: "an unknown key",
    keys: { view: [] },
    line: 'FILE: view: "view": no such key; choose one of apiVersion, contract, views, models, sample, synthetic',
  },
  {
    what: "no contract",
    keys: { contract: undefined, views: [] },
    line: "FILE: contract: missing: set a section: lines of KEY: VALUE",
  },
  {
    what: "an unknown key of a field",
    keys: field("zone", "oneof", ["a"]),
    line: 'FILE: contract.fields.zone.oneof: "oneof": no such key; choose one of type, required, oneOf, min, max, pattern, otherwise',
  },
  {
    what: "an unknown type",
    keys: field("zone", "type", "text"),
    line: 'FILE: contract.fields.zone.type: "text": choose one of string, long, double, boolean, timestamp',
  },
  {
    what: "a field whose name is no column",
    keys: { "contract.fields.dropOff": { type: "string" } },
    line: 'FILE: contract.fields.dropOff: "dropOff": use lower-case letters, digits and underscores, starting with a letter',
  },
  {
    what: "a field that ingestion has",
    keys: { "contract.fields.kafka_time": { type: "timestamp" } },
    line: 'FILE: contract.fields.kafka_time: "kafka_time": ingestion uses this name; choose another',
  },
  {
    what: "a key that is no field",
    keys: { "contract.key": ["trip"] },
    line: `FILE: contract.key[0]: "trip": no such field; choose among ${fieldNames}`,
  },
  {
    what: "a key that may be missing",
    keys: { "contract.key": ["trip_id", "status"] },
    line: 'FILE: contract.key[1]: "status": write required: true at the field',
  },
  {
    what: "an event time that is no time",
    keys: { "contract.eventTime": "zone" },
    line: 'FILE: contract.eventTime: "zone": name a required timestamp field',
  },
  {
    what: "an order that is no field",
    keys: { "contract.orderBy": "sequence" },
    line: 'FILE: contract.orderBy: "sequence": name a required field, or kafka_time',
  },
  {
    what: "a sorting column that is no field",
    keys: { "contract.table": { sortBy: ["zone", "town"] } },
    line: `FILE: contract.table.sortBy[1]: "town": choose among ${fieldNames}`,
  },
  {
    what: "a pattern that is no regular expression",
    keys: field("zone", "pattern", "^[A-Z$"),
    line: 'FILE: contract.fields.zone.pattern: "^[A-Z$": it is no regular expression; correct it',
  },
  {
    what: "a pattern of a part",
    keys: field("zone", "pattern", "[A-Z]"),
    line: 'FILE: contract.fields.zone.pattern: "[A-Z]": anchor it: begin with ^ and end with $',
  },
  {
    what: "a pattern of a number",
    keys: field("fare", "pattern", "^1$"),
    line: 'FILE: contract.fields.fare.pattern: "^1$": give a pattern to a string only',
  },
  {
    what: "a least value above the greatest",
    keys: { ...field("fare", "min", 100), ...field("fare", "max", 10) },
    line: "FILE: contract.fields.fare.min: 100: write 10, its max, or less",
  },
  {
    what: "a least time after the greatest",
    keys: {
      ...field("at", "min", "2026-02-01T00:00:00Z"),
      ...field("at", "max", "2026-01-01T00:00:00Z"),
    },
    line: 'FILE: contract.fields.at.min: "2026-02-01T00:00:00Z": write 2026-01-01T00:00:00Z, its max, or less',
  },
  {
    what: "a limit of a text",
    keys: field("zone", "min", 1),
    line: "FILE: contract.fields.zone.min: 1: only a number or a timestamp has limits; remove it",
  },
  {
    what: "a limit of another type",
    keys: field("riders", "max", 4.5),
    line: "FILE: contract.fields.riders.max: 4.5: write it as a long",
  },
  {
    what: "a limit that is no instant",
    keys: field("at", "min", "yesterday"),
    line: 'FILE: contract.fields.at.min: "yesterday": write a number, or an instant in UTC such as 2026-11-01T00:00:00Z',
  },
  {
    what: "a choice of another type",
    keys: field("riders", "oneOf", ["one"]),
    line: 'FILE: contract.fields.riders.oneOf: ["one"]: write every value of oneOf as a long',
  },
  {
    what: "a required field that is dropped",
    keys: field("zone", "otherwise", "drop"),
    line: 'FILE: contract.fields.zone.otherwise: "drop": a required field is rejected; make it optional, or leave otherwise out',
  },
  {
    what: "a default of another type",
    keys: field("status", "otherwise", { default: 1 }),
    line: 'FILE: contract.fields.status.otherwise: {"default":1}: write the default as a string',
  },
  {
    what: "what becomes of a record, in a word that is none",
    keys: field("status", "otherwise", "ignore"),
    line: 'FILE: contract.fields.status.otherwise: "ignore": write reject, drop or { default: VALUE }',
  },
  {
    what: "deletions by a field that is not there",
    keys: { "contract.deletes": { field: "op", in: ["d"] } },
    line: 'FILE: contract.deletes: {"field":"op","in":["d"]}: name a field that is declared, and values of its type',
  },
  {
    what: "an unknown key of a view",
    keys: { "views.0.shedule": "5 * * * *" },
    line: 'FILE: views[0].shedule: "shedule": no such key; choose one of name, version, owner, description, source, entity, knownAt, delayMinutes, window, features, schedule, table',
  },
  {
    what: "two views of one name",
    keys: { "views.1.name": "zone_fares" },
    line: 'FILE: views[1].name: "zone_fares": another table has this name; choose another',
  },
  {
    what: "a view of another's name and version",
    keys: {
      "views.0.version": 2,
      "views.1.name": "zone_fares_v2",
      models: [],
    },
    line: 'FILE: views[1].name: "zone_fares_v2": another table has this name; choose another',
  },
  {
    what: "a view of itself",
    keys: { "views.1.source": "zone_totals" },
    line: 'FILE: views[1].source: "zone_totals": choose one of trips_events',
  },
  {
    what: "a source that is not there",
    keys: { "views.0.source": "rides" },
    line: 'FILE: views[0].source: "rides": choose one of trips_events',
  },
  {
    what: "an owner that is no team",
    keys: { "views.0.owner": "taxis" },
    line: 'FILE: views[0].owner: "taxis": choose one of ml',
  },
  {
    what: "an entity that may be missing",
    keys: { "views.0.entity": "status" },
    line: 'FILE: views[0].entity: "status": name a required field of trips_events',
  },
  {
    what: "a window of another kind",
    keys: { "views.0.window": { kind: "sliding", hours: [1] } },
    line: 'FILE: views[0].window.kind: "sliding": choose one of whole, trailing',
  },
  {
    what: "windows out of order",
    keys: { "views.0.window": { kind: "trailing", hours: [24, 1] } },
    line: "FILE: views[0].window.hours: [24,1]: write ascending numbers of hours",
  },
  {
    what: "a cron line of four fields",
    keys: { "views.0.schedule": "hourly" },
    line: 'FILE: views[0].schedule: "hourly": write five fields, such as 5 * * * *',
  },
  {
    what: "a cron line of a minute that is none",
    keys: { "views.0.schedule": "75 * * * *" },
    line: 'FILE: views[0].schedule: "75 * * * *": write minute, hour, day, month and day of the week, each as *, a number in its range, a-b or a list, such as 5 */2 * * mon-fri',
  },
  {
    what: "a view without features",
    keys: { "views.0.features": {} },
    line: "FILE: views[0].features: {}: declare a feature",
  },
  {
    what: "an aggregate that is none",
    keys: feature({ aggregate: "median", of: "fare" }),
    line: 'FILE: views[0].features.extra.aggregate: "median": choose one of AGGREGATES',
  },
  {
    what: "an aggregate of the wrong type",
    keys: feature({ aggregate: "sum", of: "zone" }),
    line: 'FILE: views[0].features.extra.of: "zone": sum is of a number',
  },
  {
    what: "an aggregate of nothing",
    keys: feature({ aggregate: "mean" }),
    line: `FILE: views[0].features.extra.of: missing: choose one of ${fieldNames}`,
  },
  {
    what: "a count of something",
    keys: feature({ aggregate: "count", of: "zone" }),
    line: 'FILE: views[0].features.extra.of: "zone": a count is of events; leave `of` out, or use distinct',
  },
  {
    what: "distinct values of hours",
    keys: feature({ aggregate: "distinct", of: "zone" }),
    line: 'FILE: views[0].features.extra.aggregate: "distinct": distinct values of hours do not add up; use the window `whole`',
  },
  {
    what: "a condition on a number",
    keys: feature({
      aggregate: "count",
      where: { field: "riders", in: ["1"] },
    }),
    line: 'FILE: views[0].features.extra.where.field: "riders": name a string field of trips_events',
  },
  {
    what: "a condition on a text by its number",
    keys: feature({
      aggregate: "count",
      where: { field: "zone", above: 1 },
    }),
    line: 'FILE: views[0].features.extra.where.field: "zone": name a field of numbers of trips_events',
  },
  {
    what: "a condition between no bounds",
    keys: feature({ aggregate: "count", where: { field: "riders" } }),
    line: 'FILE: views[0].features.extra.where: {"field":"riders"}: write above or below, such as above: 100',
  },
  {
    what: "a deviation of a text",
    keys: feature({ aggregate: "stddev", of: "zone" }),
    line: 'FILE: views[0].features.extra.of: "zone": stddev is of a number',
  },
  {
    what: "a model that learns from a text",
    keys: {
      ...feature({ aggregate: "last", of: "zone" }),
      "models.0.columns": ["trips_1h", "extra_1d"],
    },
    line: 'FILE: models[0].columns[1]: "extra_1d": is no number; choose among trips_1h, trips_1d, fare_1h, fare_1d',
  },
  {
    what: "a model of a view that does not trail",
    keys: { "models.0.view": "zone_totals" },
    line: 'FILE: models[0].view: "zone_totals": choose a view that trails: zone_fares',
  },
  {
    what: "a model of a column that is not there",
    keys: { "models.0.columns": ["trips_1h", "trips_2h"] },
    line: 'FILE: models[0].columns[1]: "trips_2h": choose among trips_1h, trips_1d, fare_1h, fare_1d',
  },
  {
    what: "a model's condition of neither kind",
    keys: { "models.0.positive": { field: "fare", below: 1 } },
    line: 'FILE: models[0].positive: {"field":"fare","below":1}: write { field, in: [TEXT] } or { field, above: NUMBER }',
  },
  {
    what: "a job of another's name",
    keys: { "models.0.name": "zone_totals" },
    line: 'FILE: models[0].name: "zone_totals": another job of the data set is called zone-totals; choose another name',
  },
  {
    what: "a sample that is not pinned",
    keys: { sample: { package: "trips", path: "trips.csv", key: "zone" } },
    line: 'FILE: sample.package: "trips": pin it, as in name==1.2.3',
  },
  {
    what: "a sample of neither kind",
    keys: { sample: { url: "https://example.org/trips.csv", key: "zone" } },
    line: 'FILE: sample: {"url":"https://example.org/trips.csv","key":"zone"}: write { file, key } or { package, path, key }',
  },
  {
    what: "a sample that is not in the folder",
    keys: { sample: { file: "trips.csv", key: "zone" } },
    line: 'FILE: sample.file: "trips.csv": no such file in FOLDER',
  },
  {
    what: "records that come from nowhere",
    stream: { topic: undefined },
    line: "streams.trips.topic: missing: name one of the topics of the stack's kafka, or a table under source",
  },
  {
    what: "records that come from a topic and a table",
    stream: table({}, {}),
    line: 'streams.trips.topic: "trips": the records come from the table under source; remove one of the two',
  },
  {
    what: "a producer for a table",
    stream: table({}, { topic: undefined, producer: { kind: "replay" } }),
    line: 'streams.trips.producer: "replay": a producer sends to a topic, and the records come from a table; leave it out',
  },
  {
    what: "a database of another maker",
    stream: table({ url: "jdbc:mysql://db.example.org:3306/trips" }),
    line: `${jdbc}.url: "jdbc:mysql://db.example.org:3306/trips": the jobs have the driver of PostgreSQL alone: ${jdbcForm}, or have the rows of mysql sent to a topic`,
  },
  {
    what: "a password in a database's URL",
    stream: table({
      url: "jdbc:postgresql://ada:hunter2@db.example.org/trips",
    }),
    line: `${jdbc}.url: "jdbc:postgresql://…@db.example.org/trips": ${jdbcForm}: the user and the password go into the Secret that secret names`,
  },
  {
    what: "a password among the settings of a database's URL",
    stream: table({
      url: "jdbc:postgresql://db.example.org/trips?user=ada&password=hunter2",
    }),
    line: `${jdbc}.url: "jdbc:postgresql://db.example.org/trips?user=…&password=…": ${jdbcForm}: the user and the password go into the Secret that secret names`,
  },
  {
    what: "a database's URL without a database",
    stream: table({ url: "jdbc:postgresql://db.example.org:5432" }),
    line: `${jdbc}.url: "jdbc:postgresql://db.example.org:5432": ${jdbcForm}`,
  },
  {
    what: "a database's URL with two hosts",
    stream: table({ url: "jdbc:postgresql://a:5432,b:5432/trips" }),
    line: `${jdbc}.url: "jdbc:postgresql://a:5432,b:5432/trips": ${jdbcForm}`,
  },
  {
    what: "a port that is none",
    stream: table({ url: "jdbc:postgresql://db.example.org:99999/trips" }),
    line: `${jdbc}.url: "jdbc:postgresql://db.example.org:99999/trips": ${jdbcForm}`,
  },
  {
    what: "a setting by which the driver would load a class",
    stream: table({
      url: "jdbc:postgresql://db.example.org/trips?socketFactory=org.example.Any",
    }),
    line: `${jdbc}.url: "jdbc:postgresql://db.example.org/trips?socketFactory=org.example.Any": ${jdbcForm}, and after it at most ?sslmode=disable|allow|prefer|require|verify-ca|verify-full`,
  },
  {
    what: "a way of encryption that is none",
    stream: table({
      url: "jdbc:postgresql://db.example.org/trips?sslmode=always",
    }),
    line: `${jdbc}.url: "jdbc:postgresql://db.example.org/trips?sslmode=always": choose sslmode among disable, allow, prefer, require, verify-ca, verify-full`,
  },
  {
    what: "a database's table of three names",
    stream: table({ table: "trips.public.trips" }),
    line: `${jdbc}.table: "trips.public.trips": write SCHEMA.TABLE as the database spells it, without quotes`,
  },
  {
    what: "a secret that no cluster has",
    stream: table({ secret: "Trips DB" }),
    line: `${jdbc}.secret: a text, not shown: write the name of a Secret in the team's namespace`,
  },
  {
    what: "a password in place of a secret",
    stream: table({ password: "hunter2" }),
    line: `${jdbc}.password: "password": no such key; choose one of url, table, secret, incremental, overlap, partitionColumn, partitions, schedule, timeZone`,
  },
  {
    what: "an overlap of nothing",
    stream: table({ overlap: 60 }),
    line: `${jdbc}.overlap: 60: name the column under incremental, or leave it out`,
  },
  {
    what: "partitions by nothing",
    stream: table({ partitions: 4 }),
    line: `${jdbc}.partitions: 4: name the column under partitionColumn, or leave it out`,
  },
  {
    what: "a table that is read by a clock and on and on",
    stream: table(
      { schedule: "5 3 * * *" },
      { topic: undefined, ingest: { everySeconds: 3600 } },
    ),
    line: `${jdbc}.schedule: "5 3 * * *": ingest.everySeconds has the job run on; remove one of the two`,
  },
  {
    what: "a time zone that is none",
    stream: table({ timeZone: "Mars/Base" }),
    line: `${jdbc}.timeZone: "Mars/Base": write the name of a time zone, such as Europe/Berlin or UTC`,
  },
  {
    what: "a time zone by its offset",
    stream: table({ timeZone: "+01:00" }),
    line: `${jdbc}.timeZone: "+01:00": write the name of a time zone, such as Europe/Berlin or UTC`,
  },
  {
    what: "events that nobody has",
    stream: { producer: { kind: "replay" } },
    line: 'streams.trips.producer.kind: "replay": no events come with this data set; leave the producer out',
  },
  {
    what: "events that nobody makes",
    stream: { producer: { kind: "generate", events: 10 } },
    line: 'streams.trips.producer.kind: "generate": nothing makes such events; replay them, or leave it out',
  },
  {
    what: "a table of another data set's name",
    keys: { "views.1.name": "airport_delays", models: [] },
    around: { flights: true },
    line: 'streams.trips: views[1].name: "airport_delays": data set flights has a table of this name; choose another',
  },
];
