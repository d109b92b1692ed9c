import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Document } from "yaml";

import { readDataSet } from "../../../workloads/features/read-data-set";
import { cronLine } from "../../../workloads/features/cron-line";
import { dataSetSchema } from "../../../workloads/features/data-set";
import { specs } from "../../../workloads/features/specs";
import { hudiSettings, tableSchema } from "../../../workloads/features/table";
import { configProblems } from "../../support/config-problems";
import { startCommand } from "../../support/project-command";
import { refused, type RefusedDataSet } from "./refused-data-sets";

const root = join(__dirname, "../../..");

const good = {
  apiVersion: "mlstack.dev/v1",
  contract: {
    name: "trips_events",
    version: 1,
    owner: "ml",
    description: "trips of a taxi",
    key: ["trip_id"],
    eventTime: "at",
    fields: {
      trip_id: { type: "string", required: true },
      zone: { type: "string", required: true },
      at: { type: "timestamp", required: true },
      status: { type: "string" },
      fare: { type: "double" },
      riders: { type: "long" },
      shared: { type: "boolean" },
    },
  },
  views: [
    {
      name: "zone_fares",
      version: 1,
      owner: "ml",
      description: "What trips from a zone have cost of late.",
      source: "trips_events",
      entity: "zone",
      window: { kind: "trailing", hours: [1, 24] },
      features: {
        trips: { description: "trips", aggregate: "count" },
        fare: { description: "dollars", aggregate: "mean", of: "fare" },
      },
    },
    {
      name: "zone_totals",
      version: 1,
      owner: "ml",
      description: "What trips from a zone have cost.",
      source: "trips_events",
      entity: "zone",
      window: { kind: "whole" },
      features: { trips: { description: "trips", aggregate: "count" } },
    },
  ],
  models: [
    {
      name: "dear_trip",
      owner: "ml",
      description: "Whether a trip will be dear.",
      source: "trips_events",
      example: "trip_id",
      positive: { field: "fare", above: 50 },
      view: "zone_fares",
    },
  ],
};

/** A data set somewhere on this machine, as a team's own repository has it. */
class DataSetFolder {
  readonly path = mkdtempSync(join(tmpdir(), "mlstack-data-set-"));
  readonly file = join(this.path, "data-set.yaml");

  /** Writes the good declaration with other keys, by their paths. */
  declare(keys: Readonly<Record<string, unknown>> = {}, file = this.file) {
    const document = new Document(good);
    for (const [path, value] of Object.entries(keys)) {
      const at = path.split(".");
      if (value === undefined) document.deleteIn(at);
      else document.setIn(at, document.createNode(value));
    }
    writeFileSync(file, document.toString());
  }

  /** A stack that keeps it. */
  stack({ name = "trips", stream = {}, around = {} }: Partial<RefusedDataSet>) {
    const { path = this.path, ...others } = stream as { path?: string };
    const own = "path" in stream ? stream : { path, ...others };
    return {
      target: { kind: "local" },
      kafka: { kind: "single", topics: [{ name: "trips" }] },
      streams: {
        ...("flights" in around ? { flights: { topic: "trips" } } : {}),
        [name]: { topic: "trips", ...own },
      },
    };
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

/** Aggregates of a trailing window's features, from the schema. */
const aggregates = (
  dataSetSchema.shape.views.unwrap().element.shape.features as unknown as {
    valueType: { shape: { aggregate: { options: string[] } } };
  }
).valueType.shape.aggregate.options.join(", ");

describe("a data set of a folder", () => {
  let folder: DataSetFolder;

  beforeEach(() => {
    folder = new DataSetFolder();
    folder.declare();
  });

  afterEach(() => folder.remove());

  it("is accepted, beside those of the project", () => {
    assert.deepEqual(configProblems(folder.stack({})), []);
    const around = { flights: true };
    assert.deepEqual(configProblems(folder.stack({ around })), []);
    const jdbc = {
      url: "jdbc:postgresql://db.example.org/trips?sslmode=verify-full",
      table: 'Trips of "Ada"',
      secret: "trips-db",
      incremental: "Changed At",
      partitionColumn: "id",
      timeZone: "Europe/Berlin",
    };
    const stream = { topic: undefined, source: { jdbc } };
    assert.deepEqual(configProblems(folder.stack({ stream })), []);
  });

  it("is refused in fifty ways at least", () =>
    assert.ok(refused.length >= 50, String(refused.length)));

  for (const each of refused) {
    it(`is refused for ${each.what}`, () => {
      if (each.file !== undefined) {
        rmSync(folder.file);
        folder.declare({}, join(folder.path, each.file));
      } else if (each.text === undefined) folder.declare(each.keys);
      else writeFileSync(folder.file, each.text);
      assert.deepEqual(configProblems(folder.stack(each)), [
        each.line
          .replace("FILE", folder.file)
          .replace("FOLDER", folder.path)
          .replace("AGGREGATES", aggregates),
      ]);
    });
  }

  it("tells of all mistakes at once, in the stack's file and in its own", () => {
    folder.declare({
      "contract.key": ["trip"],
      "contract.eventTime": "zone",
      "views.0.schedule": "hourly",
      "models.0.drift": { limit: -1 },
    });
    const stream = { topic: "rides", pool: "big" };
    const lines = configProblems(folder.stack({ stream }));
    assert.equal(lines.length, 6, lines.join("\n"));
  });

  it("is refused where a workload has a job of one of its names", () => {
    writeFileSync(
      join(folder.path, "workload.yaml"),
      new Document({
        apiVersion: "mlstack.dev/v1",
        steps: {
          "stream-ingest": {
            kind: "job",
            image: { ref: "docker.io/library/busybox:1.36" },
            command: ["true"],
          },
        },
      }).toString(),
    );
    const lines = configProblems({
      ...folder.stack({}),
      workloads: { trips: { path: folder.path } },
    });
    assert.deepEqual(lines, [
      'workloads.trips: steps.stream-ingest: "trips-stream-ingest": the names of the jobs of streams.trips begin so; rename the step',
    ]);
  });

  it("is documented by a command, and refused by it with a line", async () => {
    const docs = () =>
      startCommand("features", ["docs", "zone_fares", "--path", folder.path])
        .end;
    const { code, output } = await docs();
    assert.equal(code, 0, output);
    assert.match(output, /\| `fare_1d` \| double \| the 1d before \|/);
    folder.declare({ "views.0.entity": "town" });
    const refusal = await docs();
    assert.equal(refusal.code, 1);
    assert.equal(
      refusal.output.trim(),
      `mlstack: ${folder.file}: views[0].entity: "town": name a required field of trips_events`,
    );
  }).timeout(60_000);
});

describe("the click-stream", () => {
  it("is read by the jobs as the tests of the jobs read it", () => {
    const file = join(root, "workloads/features/stream_tests/specs.json");
    const place = "clickstream";
    const { dataSet } = readDataSet({ name: "clickstream", place }, ["ml"]);
    assert.ok(dataSet);
    assert.equal(
      readFileSync(file, "utf8"),
      `${JSON.stringify(specs(dataSet), null, 2)}\n`,
      `declarations have changed: npx tsx workloads/features/print-specs.ts > ${file}`,
    );
  });
});

describe("a cron line", () => {
  const right = [
    "5 * * * *",
    "*/5 0-6,22 1 jan-mar MON-FRI",
    "0 0 31 12 0",
    "0 3 ? * sun",
    "15/30 * * * *",
  ];
  const wrong = [
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 7",
    "* * * * funday",
    "5-1 * * * *",
    "*/0 * * * *",
    "1, * * * *",
    "1-2-3 * * * *",
    "* * * *",
    "* * * * * *",
    "@daily",
  ];

  it("has five fields, each in its range", () => {
    assert.deepEqual(
      right.filter((line) => !cronLine.safeParse(line).success),
      [],
    );
    assert.deepEqual(
      wrong.filter((line) => cronLine.safeParse(line).success),
      [],
    );
  });
});

describe("settings of a table", () => {
  const table = tableSchema.parse({ buckets: 3, keepDays: 2 });

  it("keep every instant of the days declared", () => {
    assert.equal(
      hudiSettings(table, { key: ["a"] })["hoodie.clean.hours.retained"],
      "48",
    );
  });

  it("let the ordering field decide, or else the last write", () => {
    const mode = (ordering?: string) =>
      hudiSettings(table, { key: ["a"], ordering })[
        "hoodie.write.record.merge.mode"
      ];
    assert.equal(mode("time"), "EVENT_TIME_ORDERING");
    assert.equal(mode(), "COMMIT_TIME_ORDERING");
  });
});
