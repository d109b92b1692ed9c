import assert from "node:assert/strict";

import { withoutAwaitingTheEnd } from "../../../../components/jobs/run-options";
import {
  rerunArguments,
  rerunLine,
} from "../../../../stacks/commands/jobs/rerun";
import type { StateResource } from "../../../../stacks/commands/state/stack-state";
import type { WorkloadReport } from "../../../../stacks/commands/jobs/workload-report";

const spark = "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication";
const batch = "kubernetes:batch/v1:Job";
const end = "mlstack:index:JobEnd";

const urn = (type: string, name: string) =>
  `urn:pulumi:local::mlstack::${type}::${name}`;

const object = (
  type: string,
  name: string,
  { namespace = "ml", annotations = {}, resource = name } = {},
): StateResource => ({
  urn: urn(type, resource),
  type,
  inputs: {},
  outputs: { metadata: { name, namespace, uid: `${name}-uid`, annotations } },
});

const endOf = (name: string): StateResource => ({
  urn: urn(end, name),
  type: end,
  inputs: {},
  outputs: { name, namespace: "ml", uid: `${name}-uid` },
});

const failed = (name: string): WorkloadReport => ({
  name,
  kind: "SparkApplication",
  namespace: "ml",
  state: "FAILED",
  failed: true,
  metrics: {},
  startup: {},
});

const state = [
  object(spark, "features"),
  endOf("features"),
  object(spark, "training"),
  object(batch, "pipeline", { annotations: withoutAwaitingTheEnd }),
  object(batch, "topics"),
  object("kubernetes:core/v1:ConfigMap", "pipeline"),
];

describe("jobs to run again", () => {
  it("are replaced with their ends", () =>
    assert.deepEqual(rerunArguments(state, ["features"], []), [
      "--replace",
      urn(spark, "features"),
      "--replace",
      urn(end, "features"),
    ]));

  it("may be several, each once", () =>
    assert.deepEqual(
      rerunArguments(
        state,
        ["training", "failed", "ml/pipeline", "training"],
        [failed("training")],
      ),
      [
        "--replace",
        urn(spark, "training"),
        "--replace",
        urn(batch, "pipeline"),
      ],
    ));

  it("are those that failed, and no others", () => {
    const running = { ...failed("features"), failed: false };
    assert.deepEqual(
      rerunArguments(state, ["failed"], [running, failed("training")]),
      ["--replace", urn(spark, "training")],
    );
    assert.deepEqual(rerunArguments(state, ["failed"], []), []);
  });

  it("are named where somebody asks for another", () => {
    // A Job whose end the program does not await is none of them.
    for (const name of ["trainin", "topics", "other/training"]) {
      assert.throws(
        () => rerunArguments(state, [name], []),
        /no such job; write features, pipeline, training, failed/,
      );
    }
  });

  it("are told apart by namespace", () => {
    const two = [
      ...state,
      object(spark, "training", { namespace: "fraud", resource: "other" }),
    ];
    assert.throws(
      () => rerunArguments(two, ["training"], []),
      /write ml\/training or fraud\/training/,
    );
    assert.deepEqual(rerunArguments(two, ["fraud/training"], []), [
      "--replace",
      urn(spark, "other"),
    ]);
  });
});

describe("the line on failed jobs", () => {
  it("is there where one has failed, for the stack at hand", () => {
    assert.equal(rerunLine("local", []), undefined);
    assert.equal(
      rerunLine("local", [failed("training")]),
      "npm run up -- --rerun failed",
    );
    assert.equal(
      rerunLine("aws", [failed("training")]),
      "npm run up -- --stack aws --rerun failed",
    );
  });
});
