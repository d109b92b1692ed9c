import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import {
  checkInputFile,
  formatOf,
  isUri,
} from "../../../workloads/clickstream/input-file";

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

  it("whose first line is not JSON lacks every column", () => {
    assert.match(remedies(write("b.jsonl", "not json\n"))[0] ?? "", /lacks/);
  });
});
