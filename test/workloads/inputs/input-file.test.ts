import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import {
  checkInputFile,
  type Encoding,
  formatOf,
  isUri,
  pathProblem,
  stackBucketOf,
} from "../../../workloads/inputs/input-file";

/** The files that the batch job and the producer are held to as well, in stream_tests/test_input_files.py. */
const table = JSON.parse(
  readFileSync(
    join(__dirname, "../../../workloads/clickstream/tests/input-files.json"),
    "utf8",
  ),
) as readonly {
  readonly name: string;
  readonly text?: string;
  readonly base64?: string;
  readonly encoding?: Encoding;
  readonly refused?: string;
}[];

const builtInColumns = [
  "user_id",
  "session_id",
  "event",
  "timestamp",
  "platform",
  "acquisition_channel",
  "user_cohort",
  "user_lifecycle",
];

describe("input file", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "mlstack-input-"))));
  after(() => rmSync(folder, { recursive: true }));

  const write = (name: string, content: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const remedies = (file: string, columns = ["user", "event"]) =>
    checkInputFile("input.path", file, columns).map(({ remedy }) => remedy);

  it("is told by its ending", () => {
    assert.equal(formatOf("a/b.csv"), ".csv");
    assert.equal(formatOf("a/b.csv.gz"), ".csv.gz");
    assert.equal(formatOf("s3a://raw/b.parquet"), ".parquet");
    assert.equal(formatOf("a/b.xlsx"), undefined);
  });

  it("may lie in a bucket", () => {
    assert.ok(isUri("s3a://raw/events.csv"));
    assert.ok(isUri("abfss://raw@account.dfs.core.windows.net/events.csv"));
    assert.ok(!isUri("data/events.csv"));
  });

  it("must exist", () => {
    assert.match(remedies(join(folder, "absent.csv"))[0] ?? "", /no such file/);
  });

  it("must hold something", () => {
    assert.match(remedies(write("empty.csv", ""))[0] ?? "", /empty/);
  });

  it("must have the columns, which the remedy names", () => {
    const [remedy = ""] = remedies(write("other.csv", "user,kind\n1,a\n"));
    assert.match(remedy, /lacks event; it has user, kind/);
  });

  it("is accepted as CSV, gzip CSV and JSON lines", () => {
    const csv = '\uFEFF"user","event",extra\r\n1,a,b\r\n';
    assert.deepEqual(remedies(write("a.csv", csv)), []);
    assert.deepEqual(remedies(write("a.csv.gz", gzipSync(csv))), []);
    assert.deepEqual(
      remedies(write("a.jsonl", '{"user":1,"event":"a"}\n')),
      [],
    );
  });

  it("is read no further than its first line needs", () => {
    const rows = Array.from(
      { length: 200_000 },
      (_, row) => `${row},${Math.sin(row)}`,
    );
    const big = ["user,event", ...rows].join("\n");
    assert.deepEqual(remedies(write("big.csv.gz", gzipSync(big))), []);
  });

  it("without a line of JSON is refused", () => {
    assert.match(
      remedies(write("b.jsonl", "not json\n"))[0] ?? "",
      /holds no line that is a JSON object/,
    );
  });

  for (const { name, text, base64, encoding, refused } of table) {
    it(`${name} is ${refused === undefined ? "accepted" : "refused"}`, () => {
      const content = text ?? Buffer.from(base64 ?? "", "base64");
      const file = write(name, content);
      const problems = checkInputFile(
        "input.path",
        file,
        builtInColumns,
        encoding,
      );
      assert.deepEqual(
        problems.map(({ remedy }) => remedy),
        refused === undefined ? [] : [`the file ${refused}`],
      );
    });
  }

  it("may lie in a bucket of the stack", () => {
    assert.deepEqual(stackBucketOf("raw:events/2026.csv"), {
      bucket: "raw",
      path: "events/2026.csv",
    });
    assert.equal(stackBucketOf("events.csv"), undefined);
    assert.equal(stackBucketOf("C:events.csv"), undefined);
    assert.equal(pathProblem("raw:events/"), undefined);
    assert.equal(pathProblem("raw:events.csv"), undefined);
  });

  it("is named in a way that the job understands", () => {
    assert.match(
      pathProblem("s3://raw/events.csv") ?? "",
      /s3a:\/\/raw\/events.csv, or raw:PATH/,
    );
    assert.match(pathProblem("https://host/events.csv") ?? "", /raw:PATH/);
    assert.match(pathProblem("events.xlsx") ?? "", /\.csv, \.csv\.gz/);
    assert.equal(
      pathProblem("abfss://raw@a.dfs.core.windows.net/e.csv"),
      undefined,
    );
  });
});
