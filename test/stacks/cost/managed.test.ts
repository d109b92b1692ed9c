import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { managedComparison } from "../../../stacks/commands/cost/managed-comparison";
import { offersOf } from "../../../stacks/commands/cost/workload-offers";
import { readStackConfig } from "../../../stacks/commands/stack-file/stack-config";
import { cheapestRun, jobsOf } from "../../../stacks/cost/job";

describe("comparison with managed services", () => {
  it("is the page of the docs", async () => {
    const page = join(__dirname, "../../../docs/cost-against-managed.md");
    assert.equal(
      readFileSync(page, "utf8"),
      await managedComparison(),
      "npm run -s cost -- --managed > docs/cost-against-managed.md",
    );
  });

  it("has the arithmetic of the seed's table", async () => {
    const page = await managedComparison();
    // EMR's fee alone leaves 1 / 1.25; ten idle minutes cost 8 x 21.5 of 9 x 16 x 1.25 machine-minutes.
    assert.match(page, /the fee removed, all on demand +\| 80 % +\| 83 %/);
    assert.match(page, /\| on demand +\| 96 % +\| 60 % +\| 56 % +\|/);
    assert.match(page, /EMR on EKS +\|[^|]+\| x 1\.29 /);
    assert.match(
      page,
      /Left out, since their prices are unknown: Databricks jobs\./,
    );
  });
});

describe("cost of a run", () => {
  const times = { seconds: 600, nodeStart: 90, scaleDownDelay: 600 };
  const hour = { onDemand: 1, disk: 0, sources: [] };
  const size = { cores: 8, bytes: 32 * 2 ** 30 };
  const pool = { name: "burst", min: 0, max: 10, spot: false };
  const job = jobsOf({
    train: {
      driver: { cpuRequest: "1", memory: "1g" },
      executor: { cpuRequest: "4", memory: "4g", instances: 3 },
    },
  });

  it("is that of its nodes, with their start and the delay before they go", () => {
    assert.deepEqual(
      job.map(({ name, cores }) => ({ name, cores })),
      [{ name: "train", cores: 13 }],
    );
    const run = cheapestRun(job[0]!, [{ pool, size, hour }], times);
    assert.ok(typeof run === "object");
    assert.equal(run.nodes, 2);
    assert.ok(Math.abs(run.high - (2 * 1290) / 3600) < 1e-9);
    assert.ok(Math.abs(run.idle - (2 * 690) / 3600) < 1e-9);
    assert.equal(run.start, 90);
  });

  it("is that of its seconds alone where nodes always stand", () => {
    const run = cheapestRun(
      job[0]!,
      [{ pool: { ...pool, min: 3 }, size, hour }],
      times,
    );
    assert.ok(typeof run === "object");
    assert.ok(Math.abs(run.high - (2 * 600) / 3600) < 1e-9);
    assert.equal(run.start, 0);
  });

  it("says why it is not there: too large, or without a price", () => {
    const small = { cores: 2, bytes: 4 * 2 ** 30 };
    assert.equal(
      cheapestRun(job[0]!, [{ pool, size: small, hour }], times),
      "no pool of a known size holds it",
    );
    assert.equal(
      cheapestRun(job[0]!, [{ pool, size, hour: undefined }], times),
      "no price for burst",
    );
  });

  it("compares every job of a workload on every target, and names one that is not declared", () => {
    const stacks = ["aws", "gcp", "azure", "onprem"].map(readStackConfig);
    const [aws] = stacks;
    assert.ok(aws);
    const offers = offersOf("clickstream", aws, stacks, times);
    assert.ok(offers.length >= 8);
    assert.ok(
      offers
        .filter(({ stack }) => stack !== "onprem")
        .every(({ run }) => typeof run === "object"),
    );
    assert.throws(
      () => offersOf("fraud", aws, stacks, times),
      /--workload: "fraud": .* choose one of clickstream/,
    );
  });
});
