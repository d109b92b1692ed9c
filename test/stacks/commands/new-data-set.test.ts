import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { writeWorkload } from "../../../stacks/commands/new";
import { configProblems } from "../../support/config-problems";
import { startCommand } from "../../support/project-command";
import { recordStack } from "../../support/stack-program";

describe("a new data set", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mlstack-new-"));
    writeWorkload("taxi-trips", "data-set", folder);
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const check = () => startCommand("features", ["check", folder]).end;
  const stack = () => ({
    kafka: { kind: "single", topics: [{ name: "trips" }] },
    streams: {
      "taxi-trips": {
        path: folder,
        topic: "trips",
        producer: { kind: "replay" },
      },
    },
  });

  it("passes its check at once, records and all", async () => {
    const { code, output } = await check();
    assert.equal(code, 0, output);
    assert.equal(
      output,
      "taxi_trips_events: 5 fields, 1 view, 0 models\n" +
        "sample.jsonl: 6 records, all accepted, 1 with a field emptied or filled\n",
    );
  }).timeout(60_000);

  it("tells of each record that would be a dead letter, by its line", async () => {
    const sample = join(folder, "sample.jsonl");
    const lines = readFileSync(sample, "utf8").trim().split("\n");
    const wrong = [
      ...lines,
      '{"trip_id": "t7", "ended_at": "yesterday", "zone": "Harbour", "fare": 9}',
      "",
      "t8;2026-11-01",
    ];
    writeFileSync(sample, wrong.join("\n"));
    const { code, output } = await check();
    assert.equal(code, 1);
    assert.deepEqual(output.trim().split("\n").slice(1), [
      `  ${sample}:7: ended_at: not a timestamp`,
      `  ${sample}:7: zone: not of the declared form`,
      `  ${sample}:9: not a JSON object`,
    ]);
  }).timeout(60_000);

  it("is refused without the file of its sample", () => {
    rmSync(join(folder, "sample.jsonl"));
    assert.deepEqual(
      configProblems({ target: { kind: "local" }, ...stack() }),
      [
        `${join(folder, "data-set.yaml")}: sample.file: "sample.jsonl": no such file in ${folder}`,
      ],
    );
  });

  it("names a schema that lies beside it, for editors", () => {
    const [first = ""] = readFileSync(
      join(folder, "data-set.yaml"),
      "utf8",
    ).split("\n");
    const name = first.replace("# yaml-language-server: $schema=", "");
    assert.ok(existsSync(join(folder, name)), first);
  });

  it("is kept by a stack, whose producer has its records", async () => {
    const { resources } = await recordStack("local", {
      ...stack(),
      // Recordings are cached by settings, which do not contain the folder's content: a random owner forces a new one.
      owner: `t${Math.random()}`,
    });
    const named = (name: string, type: string) => {
      const found = resources.find(
        (each) => each.name === name && each.type.endsWith(type),
      );
      assert.ok(found, name);
      return JSON.stringify(found.inputs);
    };
    assert.ok(
      named("taxi-trips-stream-stream-tools", "Image").includes(
        `"files":{"features/stream/sample/sample.jsonl":"${join(folder, "sample.jsonl")}"}`,
      ),
    );
    assert.match(
      named("taxi-trips-stream-producer", "Job"),
      /--file=\/opt\/mlstack\/stream\/sample\/sample.jsonl","--key=zone/,
    );
    assert.match(
      named("taxi-trips-stream-ingest", "SparkApplication"),
      /taxi_trips_events/,
    );
  });
});
