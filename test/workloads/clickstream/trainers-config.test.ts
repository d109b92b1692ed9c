import assert from "node:assert/strict";

import {
  checkTrainers,
  namedTrainers,
  trainersSchema,
} from "../../../workloads/clickstream/trainers-config";

const pools = [
  { name: "cpu", min: 1, max: 1, spot: false },
  { name: "gpu", min: 0, max: 1, spot: false, gpu: { count: 1 } },
];
const quota = { cpu: "8", memory: "8Gi", gpus: 1, pods: 50 };

const problems = (trainers: unknown) =>
  checkTrainers(
    "w",
    { pool: "cpu", trainers: trainersSchema.parse(trainers) },
    quota,
    pools,
  ).map(({ path, remedy }) => `${path}: ${remedy}`);

describe("trainers of the click-stream workload", () => {
  it("run only when they are named, in one order", () => {
    assert.deepEqual(namedTrainers(trainersSchema.parse({})), []);
    const named = namedTrainers(
      trainersSchema.parse({ tensorflow: {}, xgboost: {} }),
    );
    assert.deepEqual(
      named.map(({ framework }) => framework),
      ["xgboost", "tensorflow"],
    );
  });

  it("fit as they are", () =>
    assert.deepEqual(
      problems({ pytorch: {}, tensorflow: {}, xgboost: {} }),
      [],
    ));

  it("name a pool that is there", () =>
    assert.deepEqual(problems({ pytorch: { pool: "tpu" } }), [
      "w.trainers.pytorch.pool: choose one of cpu, gpu",
    ]));

  it("ask for no more GPUs than a node of their pool has", () =>
    assert.deepEqual(problems({ pytorch: { size: { gpus: 1, workers: 0 } } }), [
      "w.trainers.pytorch.size.gpus: a node of pool cpu has 0; write that or less, or choose another pool",
    ]));

  it("fit the team's quota with all their replicas", () =>
    assert.deepEqual(
      problems({
        pytorch: { pool: "gpu", size: { gpus: 1, memory: "5Gi" } },
      }),
      [
        "w.trainers.pytorch.size: fit 2 replicas into the team's 8Gi, or raise its quota",
        "w.trainers.pytorch.size: fit 2 replicas into the team's 1 GPUs, or raise its quota",
      ],
    ));
});
