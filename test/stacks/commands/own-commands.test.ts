import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CommandError } from "../../../stacks/commands/cli/command-error";
import { offersOf } from "../../../stacks/commands/cost/workload-offers";
import { writeWorkload } from "../../../stacks/commands/new";
import { submission, templateOf } from "../../../stacks/commands/submit";
import type { StateResource } from "../../../stacks/commands/state/stack-state";
import { parseConfig } from "../../../stacks/config";
import { recordStack } from "../../support/stack-program";

const refusal = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
  return "";
};

for (const kind of ["spark", "job"]) {
  describe(`a new workload of kind ${kind}`, () => {
    let folder: string;
    let resources: readonly StateResource[];

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "mlstack-new-"));
      writeWorkload("fraud", kind, folder);
      const workloads = { fraud: { path: folder } };
      const recording = await recordStack("local", { workloads });
      resources = recording.custom.map(({ urn, type, inputs }) => ({
        ...{ urn, type, inputs: { ...inputs }, outputs: { ...inputs } },
      }));
    });

    after(() => rmSync(folder, { recursive: true }));

    it("passes its own tests at once, by Python", () => {
      requireOwnTests(folder, 2);
    });

    it("is accepted by a stack, whose cost knows its step", () => {
      const config = parseConfig(
        {
          target: { kind: "local" },
          workloads: { fraud: { path: folder } },
        },
        "test",
      );
      const stack = { stack: "local", values: {}, config };
      const times = { seconds: 60, nodeStart: 60, scaleDownDelay: 600 };
      assert.deepEqual(
        offersOf("fraud", stack, [stack], times).map(({ job }) => job),
        ["score"],
      );
    });

    it("is not written over another", () =>
      assert.match(
        refusal(() => writeWorkload("fraud", kind, folder)),
        /something is there already/,
      ));

    it("is submitted with other values, under a name of its own", () => {
      const template = templateOf(resources, "fraud");
      const { name, namespace, body } = submission(
        template,
        { date: "2026-12-24" },
        "abc123",
      );
      assert.deepEqual([name, namespace], ["fraud-score-abc123", "ml"]);
      const text = JSON.stringify(body);
      assert.match(text, /"--date","2026-12-24"/);
      assert.doesNotMatch(text, /2026-11-01/);
      assert.match(
        text,
        kind === "spark"
          ? /"timeToLiveSeconds":86400/
          : /"ttlSecondsAfterFinished":86400/,
      );
      // The submission does not change the template.
      assert.match(JSON.stringify(template.spec), /2026-11-01/);
    });

    it("refuses an input, a step and a workload that are not there, with those that are", () => {
      const template = templateOf(resources, "fraud");
      assert.equal(
        refusal(() => submission(template, { day: "1" })),
        "--set day: the step takes no such input; choose one of date",
      );
      assert.equal(
        refusal(() => templateOf(resources, "fraud", "train")),
        '--step: "train": choose one of score',
      );
      assert.equal(
        refusal(() => templateOf(resources, "churn")),
        'submit: "churn": the stack has no such workload; choose one of fraud',
      );
    });
  });
}

/** Runs the tests of a made folder by Python alone; they must pass, and be so many. */
function requireOwnTests(folder: string, count: number): void {
  const { status, stderr } = spawnSync(
    "python3",
    ["-B", "-m", "unittest", "discover", "-s", join(folder, "tests")],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
  assert.match(stderr, new RegExp(`Ran ${count} tests`));
}

describe("a new workload of kind serve", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "mlstack-new-"));
    writeWorkload("fraud", "serve", folder);
  });

  after(() => rmSync(folder, { recursive: true }));

  it("passes its own tests at once, by Python", () => {
    requireOwnTests(folder, 3);
  });

  it("is accepted by a stack, and nothing of it can be submitted", async () => {
    const { custom } = await recordStack("local", {
      workloads: { fraud: { path: folder } },
    });
    const resources = custom.map(({ urn, type, inputs }) => ({
      ...{ urn, type, inputs: { ...inputs }, outputs: { ...inputs } },
    }));
    assert.equal(
      refusal(() => templateOf(resources, "fraud")),
      'submit: "fraud": none of its steps runs to an end; `npm run open` opens what it serves',
    );
  });
});
