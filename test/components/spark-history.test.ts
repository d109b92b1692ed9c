import assert from "node:assert/strict";

import { parseConfig } from "../../stacks/config";
import type { Recording } from "../support/recording-monitor";
import { recordStack } from "../support/stack-program";

const teams = [{ name: "ml" }, { name: "guests" }];
const workloads = {
  clickstream: { team: "ml" },
  notebooks: [{ name: "ada" }],
};
const history = { enabled: true, keepDays: 7 };

function grantsOf(recording: Recording<unknown>, account: string) {
  const { grants } = recording.one("mlstack:index:EmbeddedAccount", account)
    .inputs as {
    readonly grants: readonly {
      readonly bucket: string;
      readonly access: string;
    }[];
  };
  return grants.map(({ bucket, access }) => `${access} ${bucket}`);
}

function sparkConf(recording: Recording<unknown>) {
  const [job] = recording.ofType(
    "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication",
  );
  assert.ok(job);
  return (job.inputs["spec"] as { sparkConf: Record<string, string> })
    .sparkConf;
}

describe("Spark's history", () => {
  it("is kept in a bucket of the team, which its drivers and its server alone are granted", async () => {
    const spark = { history };
    const recording = await recordStack("local", { teams, workloads, spark });
    const buckets = recording
      .ofType("mlstack:index:EmbeddedBucket")
      .map(({ name }) => name);
    assert.ok(buckets.includes("spark-logs-ml"), String(buckets));
    assert.ok(buckets.includes("spark-logs-guests"), String(buckets));
    const granted = recording
      .ofType("mlstack:index:EmbeddedAccount")
      .filter(({ name }) =>
        grantsOf(recording, name).some((each) => each.includes("spark-logs")),
      )
      .map(({ name }) => name)
      .sort();
    const drivers = ["ml-clickstream-features", "ml-clickstream-training"];
    assert.deepEqual(granted.sort(), [
      "guests-history-guests",
      ...drivers,
      "ml-history-ml",
    ]);
    for (const account of drivers)
      assert.ok(grantsOf(recording, account).includes("write spark-logs-ml"));
    assert.deepEqual(grantsOf(recording, "guests-history-guests"), [
      "write spark-logs-guests",
    ]);
    const conf = sparkConf(recording);
    assert.equal(conf["spark.eventLog.enabled"], "true");
    assert.equal(conf["spark.eventLog.dir"], "s3a://spark-logs-ml");
  });

  it("is served with the settings of the target's object store, and forgets", async () => {
    for (const [stack, uri, setting] of [
      ["local", "s3a://spark-logs-ml", "fs.s3a.endpoint="],
      ["gcp", "gs://", "fs.gs."],
      ["azure", "abfss://", "fs.azure."],
      ["aws", "s3a://", "fs.s3a."],
    ] as const) {
      const recording = await recordStack(stack, { spark: { history } });
      const server = recording.one(
        "kubernetes:apps/v1:Deployment",
        "history-ml",
      );
      const { template } = server.inputs["spec"] as {
        readonly template: {
          readonly spec: {
            readonly containers: readonly {
              readonly env: readonly { name: string; value?: string }[];
            }[];
          };
        };
      };
      const [container] = template.spec.containers;
      const options =
        container?.env.find(({ name }) => name === "SPARK_HISTORY_OPTS")
          ?.value ?? "";
      const words = options.split(" ");
      assert.ok(
        words.some((word) =>
          word.startsWith(`-Dspark.history.fs.logDirectory=${uri}`),
        ),
        options,
      );
      assert.ok(
        words.some((word) => word.startsWith(`-Dspark.hadoop.${setting}`)),
        options,
      );
      assert.ok(words.includes("-Dspark.history.fs.cleaner.maxAge=7d"));
      for (const word of words) assert.match(word, /^-Dspark\.\S+=\S+$/);
    }
  });

  it("is not kept unless the stack asks for it", async () => {
    const recording = await recordStack("local", { teams, workloads });
    assert.equal(sparkConf(recording)["spark.eventLog.enabled"], undefined);
    assert.ok(
      !recording.resources.some(({ name }) => name.includes("history")),
    );
  });

  it("is refused on a pool that is not there", () => {
    assert.throws(
      () =>
        parseConfig(
          {
            target: { kind: "local" },
            spark: { history: { enabled: true, pool: "gpu" } },
          },
          "local",
        ),
      /spark\.history\.pool: "gpu": choose one of cpu/,
    );
  });
});
