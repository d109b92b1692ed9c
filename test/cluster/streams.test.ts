import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { nameFor } from "../../infra/names/name-limits";
import { remainsOf } from "../../infra/local/remains";
import type { WorkloadReport } from "../../stacks/commands/jobs/workload-report";
import {
  requireAnswers,
  requireDrawn,
  requireFiring,
} from "../support/dashboards";
import { surprises, table, tryAll } from "../red-team/answers";
import { streamAttempts } from "../red-team/attempts";
import { setStreamStage } from "../red-team/stage";
import { foundation } from "../support/foundation";
import { Kubectl } from "../support/kubectl";
import { StreamCluster, type Application } from "../support/stream-cluster";
import {
  countScript,
  digestScript,
  flightsScript,
  shiftScript,
  versionsScript,
  withoutUserScript,
  type Counts,
  type Digest,
  type Flights,
} from "../support/stream-scripts";
import { clusterLayout, TestStack } from "../support/test-stack";

/** Events of the first run; fewer while developing. */
const events = Number(process.env.MLSTACK_STREAM_EVENTS ?? 1_000_000);
const later = events / 10;
/** Records of a batch of the first run, small enough that each of four kills hits a batch of its own. */
const batch = Math.max(1000, events / 8);
const flights = 10_000;

const name = process.env.MLSTACK_STREAM_STACK ?? "streams-test";
const place = {
  subnet: "10.98.0.0/24",
  podCidr: "10.253.0.0/16",
  serviceCidr: "10.104.0.0/16",
};
const prefix = "clickstream-stream";
const model = "session_purchase";
const retraining = nameFor(
  "ScheduledSparkApplication",
  `${prefix}-session-purchase`,
  "retraining",
);
const views = ["session_activity", "user_activity"];
const generated = (count: number, seed: number) => ({
  kind: "generate",
  events: count,
  seed,
});

/** The stream on the local stack for real, from nothing to nothing: needs root, and the toolchain built. */
describe("a stream on the local stack", function () {
  const layout = clusterLayout(name, place);
  let stack: TestStack;
  let first: readonly WorkloadReport[];
  let training: Application["spec"];
  let before: Readonly<Record<string, Digest>>;
  let latest: Readonly<Record<string, Digest>>;
  let dashboards: string;

  // The cluster's own: the stack's is written when `up` has ended.
  const kubectl = new Kubectl(layout.at("pki", "admin.conf"));
  const cluster = new StreamCluster(kubectl, prefix);

  this.beforeAll(() => {
    stack = new TestStack(name, {
      target: { kind: "local", ...place },
      pools: [{ name: "cpu", min: 1, max: 1 }],
      workloads: {},
      kafka: {
        kind: "single",
        topics: [
          { name: "click-events", partitions: 4 },
          { name: "flights", partitions: 2 },
        ],
      },
      streams: {
        clickstream: {
          topic: "click-events",
          producer: generated(events, 1),
          ingest: { batch },
          online: { kind: "redis" },
          // By command alone: what starts a training here is what the tests ask for.
          drift: { scheduled: false },
        },
        flights: {
          topic: "flights",
          producer: { kind: "replay", events: flights },
          drift: { scheduled: false },
        },
      },
      observability: { enabled: true, intervalSeconds: 5 },
    });
  });

  this.afterAll(() => stack.end());

  foundation(this, /^comes up/);

  const ended = (job: string): WorkloadReport => {
    const found = stack
      .report()
      .workloads.find((each) => each.name === `${prefix}-${job}`);
    assert.ok(found, `${job} has ended`);
    return found;
  };

  /** Has a model's drift measured, and shows the report. */
  const look = (of: string) => stack.succeed("features", "drift", of, "--now");

  /** Every event that was sent well is in the table once, every other among the dead letters with its reason. */
  async function requireExactlyOnce(
    ...sent: readonly (readonly [number, number])[]
  ): Promise<void> {
    const found = await cluster.python<Counts>(countScript, sent);
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

  it("comes up although driver, broker, executor and object store are killed in the middle", async () => {
    const up = stack.start("up");
    const over = new AbortController();
    void up.end.then(({ code, output }) =>
      over.abort(
        new Error(`up ended early with ${code}: ${output.slice(-4000)}`),
      ),
    );
    const written = (number: number) => cluster.batch(number, over.signal);
    cluster.kill(await written(0), "ml");
    await written(1);
    cluster.kill("kafka-0", "kafka");
    await written(2);
    for (const executor of cluster.pods("ml", "spark-role=executor"))
      cluster.kill(executor, "ml");
    await written(3);
    cluster.kill("versitygw-0", "versitygw");
    const { code, output } = await up.end;
    assert.equal(code, 0, output.slice(-4000));
    first = stack.report().workloads;
    assert.ok((cluster.job("ingest").status?.executionAttempts ?? 0) > 1);
  });

  it("has each event once, and a dead letter with its reason for each fault", () =>
    requireExactlyOnce([events, 1]));

  it("has nothing to change at a second look", async () => {
    await stack.succeed("preview", "--expect-no-changes");
  });

  it("is refused to whom it is not for, each by the layer that the table names", async () => {
    const stage = setStreamStage(kubectl);
    try {
      const outcomes = await tryAll(stage, streamAttempts);
      console.log(table(outcomes));
      assert.deepEqual(surprises(outcomes), []);
    } finally {
      stage.end();
    }
  });

  it("takes in later events by a run of its own", async () => {
    training = cluster.job("session-purchase").spec;
    before = await cluster.python(
      digestScript,
      views.map((view) => [view, null]),
    );
    stack.set(["streams", "clickstream", "producer"], generated(later, 2));
    await stack.succeed("up");
    await requireExactlyOnce([events, 1], [later, 2]);
  });

  it("has a second data set from its declaration alone: events, views, model", async () => {
    const found = await cluster.python<Flights>(
      flightsScript,
      flights,
      "flights-stream",
    );
    assert.deepEqual(
      { lost: found.lost, rows: found.rows, wrong: found.wrong },
      { lost: 0, rows: flights, wrong: 0 },
    );
    assert.ok(found.viewRows > 300, String(found.viewRows));
    assert.ok(found.views.includes("carrier_delays"));
    const job = "flights-stream-late-arrival";
    const trained = stack.report().workloads.find(({ name }) => name === job);
    assert.equal(trained?.rows, flights);
    assert.ok((trained.metrics["auc"] ?? 0) > 0.6, JSON.stringify(trained));
    assert.match(await look("late_arrival"), /delay_3h +\d+\.\d+ +0\.25/);
  });

  it("finds no drift in what the model was trained on, and trains nothing", async () => {
    const answer = await look(model);
    assert.match(answer, /: no drift/);
    const indexes = [...answer.matchAll(/^ +(\w+) +(\d\.\d+) +0\.25/gm)];
    assert.equal(indexes.length, 16, answer);
    for (const [, column, psi] of indexes) assert.equal(psi, "0.000", column);
    const none = ["sparkapplication", retraining, "-n", "ml"];
    assert.equal(kubectl.run(["get", ...none, "--ignore-not-found"]), "");
  });

  it("answers each question of each dashboard, and shows its runs on the page of the streams", async () => {
    dashboards = await stack.open("dashboards");
    await requireAnswers(dashboards);
    const screenshot = join(stack.folder, "streams.png");
    const legend = await requireDrawn(dashboards, "streams", screenshot);
    assert.match(legend, /clickstream_events user_id: /);
  });

  it("reads views as of an instant as they were then, although they have changed", async () => {
    const then = await cluster.python<Record<string, Digest>>(
      digestScript,
      views.map((view) => [view, before[view]?.instant]),
    );
    assert.deepEqual(then, before);
    latest = await cluster.python(
      digestScript,
      views.map((view) => [view, null]),
    );
    for (const view of views)
      assert.notEqual(latest[view]?.digest, before[view]?.digest, view);
  });

  it("keeps the same rows online", async () => {
    const sink = `app.kubernetes.io/name=${prefix}-sink`;
    const [pod = ""] = cluster.pods("ml", sink);
    const check = [
      "python3 -m mlstack_features.sink --feature-store=s3://feature-store",
      "--online=$ONLINE_STORE_URL --check",
      ...views.map((view) => `--view=${view}`),
    ].join(" ");
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
    const after = await cluster.python<Record<string, Digest>>(digestScript, [
      [view, null],
    ]);
    assert.equal(after[view]?.digest, before[view]?.digest);
  });

  it("judges dead letters again, and refuses them again under the same contract", async () => {
    const table = "clickstream_events";
    const { metrics } = ended("ingest");
    assert.match(
      await stack.succeed("features", "replay", table),
      new RegExp(
        `: 0 dead letters are rows now, ${metrics.rejected} are refused again`,
      ),
    );
    await requireExactlyOnce([events, 1], [later, 2]);
  });

  it("has had one writer a table, and has given each table's lease back", () => {
    const { items } = kubectl.get<{
      readonly items: readonly {
        readonly metadata: { readonly name: string };
        readonly spec: { readonly holderIdentity?: string };
      }[];
    }>("leases", "-n", "ml");
    const tables = items.filter(({ metadata }) =>
      metadata.name.startsWith("table-"),
    );
    for (const table of ["clickstream-events", "flights-events", ...views])
      assert.ok(
        tables.some(({ metadata }) =>
          metadata.name.startsWith(`table-${table.replace("_", "-")}-`),
        ),
        table,
      );
    for (const { metadata, spec } of tables)
      assert.equal(spec.holderIdentity ?? "", "", metadata.name);
  });

  it("trains as of the first instants to the same last digit", async () => {
    const job = `${prefix}-session-purchase`;
    const then = first.find((each) => each.name === job);
    assert.ok(then);
    assert.notEqual(ended("session-purchase").rows, then.rows);
    cluster.submit("training-again", {
      ...training,
      arguments: [...training.arguments, "--run=again"],
    });
    const { rows, metrics } = await cluster.resultOf("training-again");
    assert.deepEqual(
      { rows, metrics },
      { rows: then.rows, metrics: then.metrics },
    );
  });

  it("makes a view anew from its events: the same rows, with a history of their own", async () => {
    const view = "user_activity";
    const answer = await stack.succeed("features", "rebuild", view);
    assert.match(answer, /user_activity is made anew/);
    const { [view]: anew } = await cluster.python<Record<string, Digest>>(
      digestScript,
      [[view, null]],
    );
    assert.equal(anew?.digest, latest[view]?.digest);
    const history = await stack.succeed("features", "history", view);
    assert.deepEqual(history.match(/\d{17}/g), [anew?.instant]);
  });

  it("deletes what is kept of one user, reads every place again, and makes no other row another", async () => {
    const table = "clickstream_events";
    const [user = "", digest] = await cluster.python<[string, string]>(
      withoutUserScript,
      null,
    );
    const words = ["delete", "user_activity", "--entity", user];
    const counted = await stack.start("features", ...words).end;
    assert.equal(counted.code, 1, counted.output);
    assert.match(counted.output, /nothing was deleted: --yes/);
    const rows = new RegExp(`${table} +([1-9]\\d*) rows`);
    const [, number] = rows.exec(counted.output) ?? [];
    assert.ok(number, counted.output);

    const done = await stack.succeed("features", ...words, "--yes");
    assert.match(done, new RegExp(`${table} +${number} rows`));
    assert.match(done, /read again: 0 rows in 2 tables/);
    assert.match(done, /0 rows of 1 views online/);
    assert.match(done, /the topic click-events keeps its records/);
    assert.deepEqual(
      await cluster.python(withoutUserScript, user),
      [user, digest, 0],
      "the rows of all others",
    );
    // The job that names the user is deleted.
    const jobs = kubectl.run(["get", "sparkapplications", "-n", "ml"]);
    assert.doesNotMatch(jobs, /^delete-/m);
  });

  it("finds the drift of what has come since, and trains a new version, one training at a time", async function () {
    // Five times the later events, two views and a training: minutes.
    if (process.env["MLSTACK_NIGHTLY"] !== "true") return this.skip();
    const { spec: ingest } = cluster.job("ingest");
    const servers = ingest.arguments
      .find((each) => each.startsWith("--servers="))
      ?.slice("--servers=".length);
    await cluster.python(shiftScript, [servers, later * 5, 3]);
    await cluster.runAgain("ingest", ingest.arguments);
    const view = cluster.job("user-activity").spec.arguments;
    await cluster.runAgain(
      "user-activity",
      view.filter((each) => !each.startsWith("--source-instant=")),
    );
    const versions = () =>
      cluster.python<readonly string[]>(
        ...([versionsScript, `models/${model}`, prefix] as const),
      );
    const known = await versions();

    // A training that waits for a node: another is not started beside it.
    const { spec } = kubectl.get<{
      readonly spec: { readonly template: Application["spec"] };
    }>("scheduledsparkapplication", retraining, "-n", "ml");
    const { driver } = spec.template;
    const nowhere = { "no-such": "node" };
    const template = {
      ...driver.template,
      spec: { ...driver.template.spec, nodeSelector: nowhere },
    };
    cluster.submit(retraining, {
      ...spec.template,
      driver: { ...driver, template },
    });
    const busy = await look(model);
    assert.match(busy, /purchases_1d +\d+\.\d+ +0\.25 +passed/);
    assert.match(busy, /retraining is training already/);
    await requireFiring(dashboards, { alertname: "ModelDrifts", model });
    kubectl.run(["delete", "sparkapplication", retraining, "-n", "ml"]);

    const started = await look(model);
    assert.match(
      started,
      /purchases_\w+ \d+\.\d+ over 0\.25.*retraining has been started/,
    );
    const { rows } = await cluster.resultOf(retraining);
    const fresh = (await versions()).filter((each) => !known.includes(each));
    assert.equal(fresh.length, 1, String(fresh));
    assert.ok((rows ?? 0) > 0);
    assert.match(await look(model), /: no drift/);
  });

  it("goes down and leaves nothing", async () => {
    assert.notDeepEqual(await remainsOf(layout), []);
    await stack.succeed("down");
    assert.deepEqual(await remainsOf(layout), []);
    assert.ok(!existsSync(stack.folder));
  });
});
