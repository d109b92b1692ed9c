import assert from "node:assert/strict";

import { costOfRuns } from "../../../../stacks/commands/cost/report-costs";
import {
  describeReport,
  endedJobs,
} from "../../../../stacks/commands/report/report";
import { servicesOf } from "../../../../stacks/commands/report/services";
import { table } from "../../../../stacks/commands/cli/table";

const job = {
  urn: "urn:pulumi:local::mlstack::mlstack:index:JobEnd::clickstream-training",
  type: "mlstack:index:JobEnd",
  inputs: {},
  outputs: {
    kind: "SparkApplication",
    namespace: "ml",
    name: "clickstream-training",
    uid: "run-2",
    state: "COMPLETED",
    startedAt: "2026-11-24T00:09:41.750Z",
    finishedAt: "2026-11-24T00:10:00Z",
    seconds: 18.25,
    startup: { driver: 2.1, firstExecutor: 5.75 },
    result: { rows: 3605, metrics: { auc: 0.87654 }, instant: "20261124" },
    nodeUse: [
      {
        ...{ node: "n1", pool: "cpu", coreSeconds: 36, gpuSeconds: 0 },
        byteSeconds: 18 * 2 ** 30,
        startedAt: "2026-11-24T00:09:42Z",
        finishedAt: "2026-11-24T00:10:00Z",
        capacity: { cores: 8, bytes: 32 * 2 ** 30, gpus: 0 },
      },
    ],
  },
};

const application = {
  urn: "urn:pulumi:local::mlstack::kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication::clickstream-training",
  type: "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication",
  inputs: {},
  outputs: {
    metadata: {
      name: "clickstream-training",
      namespace: "ml",
      uid: "run-2",
    },
  },
};

const notebook = {
  urn: "urn:pulumi:local::mlstack::mlstack:components:Notebook::notebook-first",
  type: "mlstack:components:Notebook",
  inputs: {},
  outputs: { url: "http://notebook-first.ml.svc", token: "s3cr3t" },
};

describe("report", () => {
  it("takes each job's end from the state", () => {
    assert.deepEqual(endedJobs([application, job]), [
      {
        kind: "SparkApplication",
        namespace: "ml",
        name: "clickstream-training",
        uid: "run-2",
        state: "COMPLETED",
        startedAt: "2026-11-24T00:09:41.750Z",
        finishedAt: "2026-11-24T00:10:00Z",
        seconds: 18.25,
        startup: { driver: 2.1, firstExecutor: 5.75 },
        nodeUse: job.outputs.nodeUse,
        rows: 3605,
        metrics: { auc: 0.87654 },
      },
    ]);
  });

  it("takes no end of another run than that of the object", () => {
    const { outputs } = job;
    const stale = { ...job, outputs: { ...outputs, uid: "run-1" } };
    assert.deepEqual(endedJobs([application, stale]), []);
    assert.deepEqual(endedJobs([stale]), []);
  });

  it("says of which jobs this `up` ran none anew", () => {
    const ran = (since: string) =>
      endedJobs([application, job], new Date(since))[0]?.earlier;
    assert.equal(ran("2026-11-24T00:00:00Z"), undefined);
    assert.equal(ran("2026-11-24T00:20:00Z"), true);
  });

  it("is a table with the errors under it", () => {
    const text = describeReport({
      stack: "local",
      target: "local",
      startedAt: "2026-11-24T00:00:00.000Z",
      seconds: 81,
      workloads: [
        ...endedJobs([application, job]),
        {
          name: "clickstream-features",
          kind: "SparkApplication",
          namespace: "ml",
          state: "FAILED",
          metrics: {},
          startup: {},
          error: "driver: out of memory",
        },
        {
          name: "clickstream-pytorch",
          kind: "PyTorchJob",
          namespace: "ml",
          state: "Created",
          metrics: {},
          startup: {},
          waiting: "waits for nvidia.com/gpu: 1 on pool gpu",
        },
      ],
      services: servicesOf([notebook]).map(({ name, kind, url }) => ({
        name,
        kind,
        url,
      })),
    });
    assert.match(
      text,
      /clickstream-training +COMPLETED +18\.3 .* 3605 +0\.8765/,
    );
    assert.doesNotMatch(text, /REJECTED/, "what no job tells of has no column");
    assert.match(text, /clickstream-features +FAILED/);
    assert.match(text, /clickstream-features: driver: out of memory/);
    assert.match(text, /clickstream-pytorch: waits for nvidia.com\/gpu: 1/);
    assert.match(text, /notebook-first +Notebook +http:/);
    assert.doesNotMatch(text, /s3cr3t/);
  });
});

describe("what the jobs of a report cost", () => {
  const [ended] = endedJobs([application, job]);
  assert.ok(ended);
  const failed = {
    ...{ name: "features", kind: "Job", namespace: "ml", state: "FAILED" },
    ...{ metrics: {}, startup: {} },
  };

  it("is told with the sum of each team, at least where one has no figure", () => {
    const { workloads, costs } = costOfRuns("aws", [ended, failed]);
    // A quarter of m7i.2xlarge, with 100 GiB of gp3, for 18 s.
    const usd = (0.25 * 18 * (0.483 + (100 * 0.0952) / 730)) / 3600;
    assert.ok(Math.abs((workloads[0]?.cost?.high ?? 0) - usd) < 1e-9);
    assert.equal(workloads[1]?.cost, undefined);
    const text = describeReport({
      ...{ stack: "aws", target: "eks", services: [], workloads },
      ...(costs && { costs }),
    });
    assert.match(text, /EXECUTOR +USD +ROWS/);
    assert.match(text, /clickstream-training .* 0\.001 +3605/);
    assert.match(
      text,
      /team ml: these jobs cost at least 0\.001 USD, prices since \d{4}/,
    );
  });

  it("has no figure where nothing is paid for by the hour, where hosts have no price, and where a stack has no file", () => {
    for (const stack of ["local", "onprem", "no-such-stack"]) {
      const told = costOfRuns(stack, [ended]);
      assert.deepEqual(told, { workloads: [ended] }, stack);
      assert.doesNotMatch(
        describeReport({ stack, target: "", services: [], ...told }),
        /USD/,
      );
    }
  });
});

describe("report of a stream", () => {
  it("tells what became of every record", () => {
    const text = describeReport({
      stack: "local",
      target: "local",
      startedAt: "2026-11-24T00:00:00.000Z",
      seconds: 81,
      services: [],
      workloads: [
        {
          name: "clickstream-stream-ingest",
          kind: "SparkApplication",
          namespace: "ml",
          state: "COMPLETED",
          rows: 960,
          metrics: { rejected: 10, duplicates: 30, perSecond: 20500 },
          startup: {},
        },
      ],
    });
    assert.match(text, /ROWS +REJECTED +DUPLICATES +PER SECOND/);
    assert.match(text, /COMPLETED .* 960 +10 +30 +20500/);
  });
});

describe("table", () => {
  it("sets numbers to the right and text to the left", () => {
    assert.equal(
      table(
        ["NAME", "ROWS"],
        [
          ["a", "1"],
          ["longer", "12345"],
        ],
      ),
      ["  NAME    ROWS", "  a           1", "  longer  12345"].join("\n"),
    );
  });
});
