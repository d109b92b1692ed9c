import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import type * as k8s from "@pulumi/kubernetes";

import { clusterSchema } from "../../infra/local/inputs";
import { Layout } from "../../infra/local/layout";
import { remainsOf } from "../../infra/local/remains";
import type { WorkloadReport } from "../../stacks/commands/workload-report";
import { Kubectl } from "../support/kubectl";
import { TestStack } from "../support/test-stack";

/** Events of the first run; fewer while developing. */
const events = Number(process.env.MLSTACK_STREAM_EVENTS ?? 1_000_000);
const later = events / 10;
const batch = Math.max(1000, events / 5);

const name = process.env.MLSTACK_STREAM_STACK ?? "streams-test";
const place = {
  subnet: "10.98.0.0/24",
  podCidr: "10.253.0.0/16",
  serviceCidr: "10.104.0.0/16",
};
const prefix = "clickstream-stream";
const views = ["session_activity", "user_activity"];
const generated = (count: number, seed: number) => ({
  kind: "generate",
  events: count,
  seed,
});

/** What the topic was sent, made again from its seeds, against what lies in the buckets, read by Hudi's Rust core. */
const countScript = `
import collections, json, os, sys
import pyarrow as pa, pyarrow.compute as pc, pyarrow.dataset as ds, pyarrow.fs as fs
from mlstack_features import FeatureStore
from stream.generator import generate

ids, faults, kinds = set(), collections.Counter(), collections.Counter()
for count, seed in json.loads(sys.argv[1]):
    for message in generate(count, seed):
        kinds[message.kind] += 1
        if message.kind in ("good", "late"):
            ids.add(json.loads(message.value)["event_id"])
        elif message.kind == "malformed":
            faults[message.fault] += 1
store = FeatureStore.at("s3://feature-store")
instant = store.history("clickstream_events")[-1].time
table = store.as_of("clickstream_events", instant, ["event_id"])
found = set(table["event_id"].to_pylist())
store = fs.S3FileSystem(endpoint_override=os.environ["AWS_ENDPOINT_URL"])
letters = ds.dataset("raw/rejected/clickstream_events/letters", filesystem=store, partitioning="hive").to_table()
places = set(zip(letters["partition"].to_pylist(), letters["offset"].to_pylist()))
print(json.dumps({
    "kinds": kinds, "faults": faults, "rows": table.num_rows, "keys": len(found),
    "lost": len(ids - found), "strangers": len(found - ids),
    "letters": letters.num_rows, "places": len(places), "reasons": collections.Counter(letters["reason"].to_pylist()),
}))
`;

/** Every row of views as of instants, as one hash each. */
const digestScript = `
import hashlib, json, sys
from mlstack_features import FeatureStore

store = FeatureStore.at("s3://feature-store")
answer = {}
for view, instant in json.loads(sys.argv[1]):
    instant = instant or store.history(view)[-1].time
    rows = store.as_of(view, instant)
    rows = rows.select(sorted(rows.column_names)).sort_by([(key, "ascending") for key in store.keys(view)])
    digest = hashlib.sha256()
    for batch in rows.combine_chunks().to_batches():
        for column in batch.columns:
            digest.update(str(column.to_pylist()).encode())
    answer[view] = {"instant": instant, "rows": rows.num_rows, "digest": digest.hexdigest()}
print(json.dumps(answer))
`;

interface Counts {
  readonly kinds: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly keys: number;
  readonly lost: number;
  readonly strangers: number;
  readonly letters: number;
  readonly places: number;
  readonly reasons: Readonly<Record<string, number>>;
}

interface Digest {
  readonly instant: string;
  readonly rows: number;
  readonly digest: string;
}

interface Application {
  readonly spec: {
    readonly arguments: readonly string[];
    readonly driver: {
      readonly template: {
        readonly spec: k8s.types.output.core.v1.PodSpec;
      };
    };
  };
  readonly status?: {
    readonly applicationState?: {
      readonly state: string;
      readonly errorMessage?: string;
    };
    readonly executionAttempts?: number;
    readonly driverInfo?: { readonly podName?: string };
  };
}

interface CronJob {
  readonly spec: {
    readonly jobTemplate: { readonly spec: k8s.types.output.batch.v1.JobSpec };
  };
}

/** The stream on the local stack for real, from nothing to nothing: needs root, and the toolchain built. */
describe("a stream on the local stack", function () {
  const layout = new Layout(
    clusterSchema.parse({
      name,
      ...place,
      registryStorage: "/",
      pools: [{ name: "cpu", count: 1 }],
    }),
  );
  let stack: TestStack;
  let first: readonly WorkloadReport[];
  let training: Application["spec"];
  let before: Readonly<Record<string, Digest>>;

  // The cluster's own: the stack's is written when `up` has ended.
  const kubectl = new Kubectl(layout.at("pki", "admin.conf"));

  this.beforeAll(() => {
    stack = new TestStack(name, {
      target: { kind: "local", ...place },
      pools: [{ name: "cpu", min: 1, max: 1 }],
      workloads: {},
      kafka: {
        kind: "single",
        topics: [{ name: "click-events", partitions: 4 }],
      },
      streams: {
        clickstream: {
          topic: "click-events",
          producer: generated(events, 1),
          ingest: { batch },
          online: { kind: "redis" },
        },
      },
    });
  });

  this.afterAll(() => stack.end());

  const application = (job: string): Application =>
    kubectl.get<Application>("sparkapplication", job, "-n", "ml");
  const ended = (job: string): WorkloadReport => {
    const found = stack
      .report()
      .workloads.find((each) => each.name === `${prefix}-${job}`);
    assert.ok(found, `${job} has ended`);
    return found;
  };

  /** Deletes a pod as a machine that loses power would. */
  const kill = (pod: string, namespace: string) =>
    kubectl.run([
      ...["delete", "pod", pod, "-n", namespace],
      ...["--grace-period=0", "--force"],
    ]);

  /** Waits until the ingestion of an attempt has written so many batches. @returns its driver */
  async function batches(attempt: number, count: number): Promise<string> {
    for (;;) {
      await pause(500);
      try {
        const { status } = application(`${prefix}-ingest`);
        const pod = status?.driverInfo?.podName;
        if ((status?.executionAttempts ?? 0) < attempt || pod === undefined)
          continue;
        const log = kubectl.run(["logs", pod, "-n", "ml"]);
        if (
          log.split("\n").filter((line) => /^{"batch"/.test(line)).length >=
          count
        )
          return pod;
      } catch {
        // Not there yet, or between two attempts.
      }
    }
  }

  /** Runs Python in the cluster, with the packages of the stream and its ingestion's access. */
  async function python<T>(script: string, argument: unknown): Promise<T> {
    const { spec } = kubectl.get<CronJob>(
      ...["cronjob", `${prefix}-features`, "-n", "ml"],
    );
    const template = spec.jobTemplate.spec.template.spec;
    const [container] = template.containers;
    const access = application(`${prefix}-ingest`).spec.driver.template.spec;
    const job = `count-${randomBytes(4).toString("hex")}`;
    kubectl.apply({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: job, namespace: "ml" },
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            ...template,
            containers: [
              {
                ...container,
                command: ["python3", "-c", script],
                args: [JSON.stringify(argument)],
                env: access.containers[0]?.env,
                resources: {
                  requests: { cpu: "100m", memory: "1Gi" },
                  limits: { memory: "4Gi" },
                },
              },
            ],
          },
        },
      },
    });
    for (;;) {
      const { status } = kubectl.get<{
        status: { succeeded?: number; failed?: number };
      }>("job", job, "-n", "ml");
      if (status.succeeded || status.failed) {
        const log = kubectl.run(["logs", `job/${job}`, "-n", "ml"]).trim();
        assert.ok(status.succeeded, log);
        return JSON.parse(log.split("\n").at(-1) ?? "") as T;
      }
      await pause(1_000);
    }
  }

  /** Waits for a job to complete. @returns what it says of itself */
  async function resultOf(
    job: string,
  ): Promise<Pick<WorkloadReport, "rows" | "metrics">> {
    for (;;) {
      await pause(1_000);
      const { applicationState: state, driverInfo } =
        application(job).status ?? {};
      assert.notEqual(state?.state, "FAILED", state?.errorMessage);
      if (state?.state !== "COMPLETED") continue;
      const { status } = kubectl.get<k8s.types.output.core.v1.Pod>(
        ...["pod", driverInfo?.podName ?? "", "-n", "ml"],
      );
      const { message } = status.containerStatuses[0]?.state.terminated ?? {};
      return JSON.parse(message ?? "{}") as Pick<
        WorkloadReport,
        "rows" | "metrics"
      >;
    }
  }

  /** Every event that was sent well is in the table once, every other among the dead letters with its reason. */
  async function requireExactlyOnce(
    ...sent: readonly (readonly [number, number])[]
  ): Promise<void> {
    const found = await python<Counts>(countScript, sent);
    const { good = 0, late = 0, malformed = 0, duplicate } = found.kinds;
    assert.deepEqual(
      [found.rows, found.keys, found.lost, found.strangers],
      [good + late, good + late, 0, 0],
      "rows, keys, lost, strangers",
    );
    assert.deepEqual([found.letters, found.places], [malformed, malformed]);
    assert.deepEqual(found.reasons, found.faults);
    const { rows, metrics } = ended("ingest");
    assert.deepEqual(
      [rows, metrics.records, metrics.rejected, metrics.duplicates],
      [
        good + late,
        sent.reduce((sum, [count]) => sum + count, 0),
        malformed,
        duplicate,
      ],
      "what the job tells",
    );
  }

  it("comes up although driver and broker are killed in the middle", async () => {
    const up = stack.start("up");
    const over = up.end.then(({ code, output }) =>
      assert.fail(`up ended early with ${code}: ${output.slice(-4000)}`),
    );
    kill(await Promise.race([batches(1, 1), over]), "ml");
    await Promise.race([batches(2, 1), over]);
    kill("kafka-0", "kafka");
    const { code, output } = await up.end;
    over.catch(() => undefined);
    assert.equal(code, 0, output.slice(-4000));
    first = stack.report().workloads;
    assert.ok(
      (application(`${prefix}-ingest`).status?.executionAttempts ?? 0) > 1,
    );
  });

  it("has each event once, and a dead letter with its reason for each fault", () =>
    requireExactlyOnce([events, 1]));

  it("has nothing to change at a second look", async () => {
    await stack.succeed("preview", "--expect-no-changes");
  });

  it("takes in later events by a run of its own", async () => {
    training = application(`${prefix}-session-purchase`).spec;
    before = await python(
      digestScript,
      views.map((view) => [view, null]),
    );
    stack.set(["streams", "clickstream", "producer"], generated(later, 2));
    await stack.succeed("up");
    await requireExactlyOnce([events, 1], [later, 2]);
  });

  it("reads views as of an instant as they were then, although they have changed", async () => {
    const then = await python<Record<string, Digest>>(
      digestScript,
      views.map((view) => [view, before[view]?.instant]),
    );
    assert.deepEqual(then, before);
    const now = await python<Record<string, Digest>>(
      digestScript,
      views.map((view) => [view, null]),
    );
    for (const view of views)
      assert.notEqual(now[view]?.digest, before[view]?.digest, view);
  });

  it("keeps the same rows online", async () => {
    const { items } = kubectl.get<{
      items: { metadata: { name: string } }[];
    }>("pods", "-n", "ml", "-l", `app.kubernetes.io/name=${prefix}-sink`);
    const check = [
      "python3 -m mlstack_features.sink --feature-store=s3://feature-store",
      "--online=$ONLINE_STORE_URL --check",
      ...views.map((view) => `--view=${view}`),
    ].join(" ");
    const pod = items[0]?.metadata.name ?? "";
    // The check fails until the sink has followed to the newest commit.
    for (;;) {
      try {
        kubectl.run(["exec", pod, "-n", "ml", "--", "sh", "-c", check]);
        return;
      } catch (error) {
        assert.match(String(error), /"stale"|"missing"|"different"/);
        await pause(5_000);
      }
    }
  });

  it("tells of its views on the command line, and takes one back to an instant", async () => {
    const view = "user_activity";
    const ask = (...words: string[]) => stack.succeed("features", ...words);
    assert.match(await ask("list"), /clickstream_events +event_id/);
    assert.match(await ask("show", view), /USER_ID/);
    const then = before[view]?.instant ?? "";
    const instants = (await ask("history", view)).match(/\d{17}/g) ?? [];
    assert.equal(instants[0], then);
    const now = instants.at(-1) ?? "";
    const difference = await ask("diff", view, then, now);
    assert.match(difference, /ADDED +REMOVED +CHANGED/);
    await ask("rollback", view, then);
    const after = await python<Record<string, Digest>>(digestScript, [
      [view, null],
    ]);
    assert.equal(after[view]?.digest, before[view]?.digest);
  });

  it("trains as of the first instants to the same last digit", async () => {
    const job = `${prefix}-session-purchase`;
    const then = first.find((each) => each.name === job);
    assert.ok(then);
    assert.notEqual(ended("session-purchase").rows, then.rows);
    kubectl.apply({
      apiVersion: "sparkoperator.k8s.io/v1beta2",
      kind: "SparkApplication",
      metadata: { name: "training-again", namespace: "ml" },
      spec: { ...training, arguments: [...training.arguments, "--run=again"] },
    });
    const { rows, metrics } = await resultOf("training-again");
    assert.deepEqual(
      { rows, metrics },
      { rows: then.rows, metrics: then.metrics },
    );
  });

  it("goes down and leaves nothing", async () => {
    assert.notDeepEqual(await remainsOf(layout), []);
    await stack.succeed("down");
    assert.deepEqual(await remainsOf(layout), []);
    assert.ok(!existsSync(stack.folder));
  });
});
