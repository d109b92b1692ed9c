import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { foundation } from "../support/foundation";
import { succeed } from "../support/project-command";
import { TestStack } from "../support/test-stack";

const name = "own-workload-test";
const place = {
  subnet: "10.85.0.0/24",
  podCidr: "10.240.0.0/16",
  serviceCidr: "10.84.0.0/16",
};

/** Reads with the client of AWS what Spark wrote, and tries to write, which its account may not. */
const tell = `import json
import os
import sys
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

store = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
bucket, _, prefix = os.environ["SCORES"].removeprefix("s3a://").partition("/")
found = store.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
try:
    store.put_object(Bucket=bucket, Key="fraud/forged", Body=b"")
    sys.exit("it may write")
except ClientError as error:
    refused = error.response["Error"]["Code"]
files = [each["Key"] for each in found if each["Key"].endswith(".parquet")]
print(f"told of {os.environ['ROWS']} rows")
Path(os.environ["MLSTACK_RESULT"]).write_text(json.dumps({"files": len(files), "refused": refused}))
`;

/** A team's own workload on the local stack for real: needs root, and the toolchain built. */
describe("a workload in a folder outside of the project", function () {
  let stack: TestStack;
  const parent = mkdtempSync(join(tmpdir(), "mlstack-own-"));
  const folder = join(parent, "fraud");
  const file = (path: string) => join(folder, path);
  const edit = (path: string, change: (text: string) => string) =>
    writeFileSync(file(path), change(readFileSync(file(path), "utf8")));

  this.beforeAll(() => {
    stack = new TestStack(name, {
      target: { kind: "local", ...place },
      pools: [{ name: "cpu", min: 1, max: 1 }],
      workloads: {},
    });
  });

  this.afterAll(async () => {
    await stack.end();
    rmSync(parent, { recursive: true });
  });

  foundation(this, /^is made|^runs from nothing/);

  it("is made by a command", async () => {
    await succeed("new", ["fraud", "--path", folder]);
  });

  it("runs from nothing to COMPLETED in one command, with packages of its own and a step after it", async () => {
    writeFileSync(file("requirements.txt"), "humanize==4.9.0\n");
    edit("jobs/score.py", (text) =>
      text
        .replace("import json\n", "import json\nimport humanize\n")
        .replace("{rows} payments", "{humanize.intcomma(rows)} payments"),
    );
    mkdirSync(file("tell"));
    writeFileSync(file("tell/requirements.txt"), "boto3==1.35.99\n");
    writeFileSync(file("tell/tell.py"), tell);
    const document = parseDocument(readFileSync(file("workload.yaml"), "utf8"));
    document.setIn(
      ["steps", "tell"],
      document.createNode({
        kind: "job",
        image: {
          base: "python",
          code: "tell",
          requirements: "tell/requirements.txt",
        },
        command: ["python3", "tell.py"],
        env: {
          ROWS: { result: "score", field: "rows" },
          SCORES: { bucket: "feature-store", path: "fraud/scores/" },
        },
        access: { "feature-store": "read" },
        size: { cpu: "100m", memory: "256Mi" },
      }),
    );
    writeFileSync(file("workload.yaml"), document.toString());

    const output = await stack.succeed("run", folder);
    assert.match(output, /^fraud-score: COMPLETED$/m);
    assert.match(output, /result {2}\{"rows":1000,"metrics":\{"highest":/);
    assert.match(output, /wrote {3}to s3a:\/\/feature-store$/m);
    assert.match(output, /scored 1,000 payments of 2026-11-01/);
    assert.match(output, /^fraud-tell: Complete$/m);
    assert.match(output, /told of 1000 rows/);
    const [, told = "{}"] = /^ +result +(\{"files.*)$/m.exec(output) ?? [];
    const { files, refused } = JSON.parse(told) as Record<string, unknown>;
    assert.ok(Number(files) > 0, told);
    assert.equal(refused, "AccessDenied");
  });

  /** Jobs that the last `up` ran, sorted. */
  const ran = (): string[] =>
    stack
      .report()
      .workloads.filter(({ earlier }) => !earlier)
      .map(({ name, state }) => `${name} ${state}`)
      .sort();

  it("runs no step again where the stack's file declares the same", async () => {
    stack.set(["workloads", "fraud"], { path: folder });
    await stack.succeed("up");
    assert.deepEqual(ran(), []);
  });

  it("is submitted again with another input, and followed to its end", async () => {
    const output = await stack.succeed(
      ...["submit", "fraud", "--step", "score", "--set", "date=2026-11-02"],
    );
    assert.match(output, /scored 1,000 payments of 2026-11-02/);
    assert.match(output, /: COMPLETED after \d+ s; result \{"rows":1000,/);
    const wrong = await stack.start("submit", "fraud", "--set", "day=1").end;
    assert.equal(wrong.code, 1);
    assert.match(wrong.output, /--step: missing: choose one of score, tell/);
  });

  it("runs a step anew whose script has changed, and the other not", async () => {
    edit("jobs/score.py", (text) => text.replace('f"scored', 'f"scored again'));
    await stack.succeed("up");
    assert.deepEqual(ran(), ["fraud-score COMPLETED"]);
  });

  it("fails with the reason and the end of the log of a step that fails", async () => {
    edit("tell/tell.py", (text) => `${text}sys.exit("nobody to tell")\n`);
    const { code, output } = await stack.start("up").end;
    assert.notEqual(code, 0);
    assert.match(output, /Job ml\/fraud-tell ended as Failed: /);
    assert.match(output, /nobody to tell/);
    assert.deepEqual(ran(), ["fraud-tell Failed"]);
  });
});
