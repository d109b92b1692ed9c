import assert from "node:assert/strict";

import fc from "fast-check";

import { amount } from "../../../infra/quantity";
import {
  jobDemand,
  overheadMebibytes,
  sparkJobSizeSchema,
} from "../../../components/spark/job-size";

describe("size of a Spark job", () => {
  it("has defaults that a small node holds", () => {
    const { cores, bytes } = jobDemand(sparkJobSizeSchema.parse(undefined));
    assert.ok(cores <= 2);
    assert.ok(bytes <= 4 * 2 ** 30);
  });

  it("adds Python's memory to the heap, at least 384 MiB", () => {
    assert.equal(overheadMebibytes({ memory: "512m" }), 384);
    assert.equal(overheadMebibytes({ memory: "10g" }), 4096);
  });

  it("grows with the executors", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999 }), (instances) => {
        const demand = (executors: number) =>
          jobDemand(
            sparkJobSizeSchema.parse({ executor: { instances: executors } }),
          );
        assert.ok(demand(instances + 1).cores > demand(instances).cores);
        assert.ok(demand(instances + 1).bytes > demand(instances).bytes);
      }),
    );
  });

  it("takes room for as many executors as there may be", () => {
    const demand = (executor: object) =>
      jobDemand(sparkJobSizeSchema.parse({ executor }));
    assert.deepEqual(
      demand({ instances: 2, max: 7 }),
      demand({ instances: 7 }),
    );
  });

  it("refuses memory in another unit", () => {
    for (const memory of ["1Gi", "1GB", "1.5g", "g", "0g"]) {
      assert.equal(
        sparkJobSizeSchema.safeParse({ driver: { memory } }).success,
        false,
        memory,
      );
    }
  });
});

describe("quantity", () => {
  it("is read in its base unit", () => {
    assert.equal(amount("500m"), 0.5);
    assert.equal(amount("8"), 8);
    assert.equal(amount("1.5Gi"), 1.5 * 2 ** 30);
    assert.equal(amount("2M"), 2e6);
  });
});
