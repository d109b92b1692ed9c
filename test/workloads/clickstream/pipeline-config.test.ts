import assert from "node:assert/strict";

import {
  checkPipeline,
  pipelineSchema,
} from "../../../workloads/clickstream/pipeline-config";

const quota = { cpu: "2", memory: "4Gi", gpus: 0, pods: 10 };

const problems = (pipeline: unknown, pipelines = false) =>
  checkPipeline("w.pipeline", pipelineSchema.parse(pipeline), quota, {
    pipelines,
  }).map(({ path, value, remedy }) => `${path}: ${String(value)}: ${remedy}`);

describe("pipeline of the click-stream workload", () => {
  it("is nothing unless it is named, and fits as it is", () => {
    const off = { pipelines: false };
    assert.deepEqual(checkPipeline("w", undefined, quota, off), []);
    assert.deepEqual(problems({}), []);
  });

  it("keeps a schedule on Kubeflow only", () => {
    const schedule = "0 3 * * *";
    assert.deepEqual(problems({ schedule }, true), []);
    assert.deepEqual(problems({ schedule }), [
      "w.pipeline.schedule: 0 3 * * *: set kubeflow.pipelines to true, or leave the schedule out",
    ]);
  });

  it("fits the team's quota with the pod of its steps beside the training", () =>
    assert.deepEqual(problems({ cpu: "1750m", memory: "3Gi" }), [
      "w.pipeline: 2.25 cores: fit the steps' pod and the training into the team's 2 cores, or raise its quota",
      "w.pipeline: 4.4Gi of memory: fit the steps' pod and the training into the team's 4Gi, or raise its quota",
    ]));

  for (const [mistake, value] of Object.entries({
    "a threshold that no AUC reaches": { threshold: 1.5 },
    "an instant that is none": { instant: "yesterday" },
    "a schedule with seconds": { schedule: "0 0 3 * * *" },
    "an unknown key": { treshold: 0.8 },
  })) {
    it(`refuses ${mistake}`, () =>
      assert.throws(() => pipelineSchema.parse(value)));
  }
});
