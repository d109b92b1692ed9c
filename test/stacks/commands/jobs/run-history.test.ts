import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { podSchema } from "../../../../infra/provider/job-pod";
import { stackFolder } from "../../../../stacks/commands/cli/paths";
import {
  keepRuns,
  readRuns,
  runsIn,
} from "../../../../stacks/commands/jobs/run-history";
import { endedRun } from "../../../../stacks/commands/submit";

const stack = "run-history-test";

const ended = (uid: string) => ({
  ...{ uid, name: "features", kind: "Job", namespace: "ml", state: "Complete" },
  ...{ metrics: {}, startup: { driver: 4 } },
  startedAt: "2030-01-01T00:00:00Z",
  finishedAt: "2030-01-01T00:01:00Z",
  nodeUse: [
    {
      ...{ node: "n1", pool: "cpu", coreSeconds: 60, byteSeconds: 1 },
      gpuSeconds: 0,
      startedAt: "2030-01-01T00:00:04Z",
      finishedAt: "2030-01-01T00:01:00Z",
    },
  ],
});

describe("history of runs", () => {
  const folder = stackFolder(stack);

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("keeps each run once, however often it is reported, and none that has not ended or told of no node", () => {
    const running = { ...ended("run-3"), finishedAt: undefined };
    keepRuns(stack, [ended("run-1"), running]);
    keepRuns(stack, [ended("run-1"), { ...ended("run-4"), nodeUse: [] }]);
    keepRuns(stack, [ended("run-2"), ended("run-1")]);
    assert.deepEqual(
      readRuns(stack).map(({ uid, wait }) => [uid, wait]),
      [
        ["run-1", 4],
        ["run-2", 4],
      ],
    );
    const text = readFileSync(join(folder, "runs.jsonl"), "utf8");
    assert.equal(text.trimEnd().split("\n").length, 2);
    assert.equal(runsIn(`${text}${text.slice(0, 40)}`).length, 2);
  });

  it("keeps a submitted job as one that `up` ran", () => {
    const run = endedRun(
      { kind: "Job" },
      {
        metadata: {
          ...{ name: "fraud-score-1a2b3c", namespace: "ml", uid: "run-5" },
          creationTimestamp: "2030-01-01T00:00:00Z",
        },
      },
      podSchema.parse({
        metadata: { name: "fraud-score-1a2b3c-x" },
        status: {
          containerStatuses: [
            {
              name: "main",
              state: {
                terminated: { exitCode: 0, startedAt: "2030-01-01T00:00:06Z" },
              },
            },
          ],
        },
      }),
      { state: "Complete", finishedAt: "2030-01-01T00:01:00Z" },
      ended("").nodeUse,
    );
    keepRuns(stack, [run]);
    const { nodeUse, ...kept } = ended("run-5");
    assert.deepEqual(readRuns(stack), [
      {
        ...{ uid: "run-5", namespace: "ml", name: "fraud-score-1a2b3c" },
        ...{ startedAt: kept.startedAt, finishedAt: kept.finishedAt },
        ...{ wait: 6, nodeUse },
      },
    ]);
  });

  it("fails no command where it cannot be written", () => {
    mkdirSync(dirname(folder), { recursive: true });
    writeFileSync(folder, "no folder");
    assert.doesNotThrow(() => keepRuns(stack, [ended("run-1")]));
  });
});
