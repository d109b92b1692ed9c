import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

import { nameFor } from "../../infra/names/name-limits";
import { foundation } from "../support/foundation";
import { Kubectl } from "../support/kubectl";
import { StreamCluster } from "../support/stream-cluster";
import { clusterLayout, TestStack } from "../support/test-stack";

const name = "schedules-test";
const place = {
  subnet: "10.86.0.0/24",
  podCidr: "10.241.0.0/16",
  serviceCidr: "10.87.0.0/16",
};
const prefix = "clickstream-stream";
const schedule = nameFor(
  "ScheduledSparkApplication",
  `${prefix}-session-activity`,
  "schedule",
);

const evenMinutes = "*/2 * * * *";
const oddMinutes = "1-59/2 * * * *";

/** Whether a run was started in an odd minute, by the nanoseconds that the operator puts into its name. */
const isOdd = (run: string) =>
  Math.floor(Number(run.split("-").at(-1)) / 60e9) % 2 === 1;

interface Scheduled {
  readonly metadata: { readonly uid: string };
  readonly spec: { readonly schedule: string };
  readonly status?: { readonly lastRunName?: string };
}

/** Views by schedule, and data of another size, on the local stack for real: needs root, and the toolchain built. */
describe("a stack with scheduled views", function () {
  let stack: TestStack;
  const kubectl = new Kubectl(
    clusterLayout(name, place).at("pki", "admin.conf"),
  );
  const cluster = new StreamCluster(kubectl, prefix);
  const scheduled = () =>
    kubectl.get<Scheduled>("scheduledsparkapplication", schedule, "-n", "ml");
  const uidOf = (...object: string[]) =>
    kubectl.get<{ metadata: { uid: string } }>(...object).metadata.uid;

  this.beforeAll(() => {
    stack = new TestStack(name, {
      target: { kind: "local", ...place },
      pools: [{ name: "cpu", min: 1, max: 1 }],
      workloads: {},
      kafka: { kind: "single", topics: [{ name: "events", partitions: 2 }] },
      streams: {
        clickstream: {
          topic: "events",
          producer: {
            kind: "generate",
            events: Number(process.env["MLSTACK_STREAM_EVENTS"] ?? 20_000),
          },
          views: { scheduled: true, schedule: evenMinutes },
          drift: { scheduled: false },
        },
      },
    });
  });

  this.afterAll(() => stack.end());

  foundation(this, /^comes up/);

  /** Waits for a run that the schedule has started after another one, and for its end. @returns its name */
  async function nextRun(after?: string): Promise<string> {
    for (;;) {
      const run = scheduled().status?.lastRunName;
      if (run !== undefined && run !== after) {
        // Nothing has come since the program computed the view.
        const { rows } = await cluster.resultOf(run);
        assert.equal(rows, 0, run);
        return run;
      }
      await pause(1_000);
    }
  }

  it("comes up", async () => {
    await stack.succeed("up");
  });

  it("computes a view by its schedule, under a name that the operator takes", async () => {
    const run = await nextRun();
    assert.ok(!isOdd(run), run);
    assert.ok(run.startsWith(`${schedule}-`), run);
    assert.ok(run.length <= 63, run);
  });

  it("goes by another schedule after an up, which updates it in place", async () => {
    const before = scheduled().metadata.uid;
    stack.set(["streams", "clickstream", "views", "schedule"], oddMinutes);
    await stack.succeed("up");
    const { metadata, spec, status } = scheduled();
    assert.deepEqual([metadata.uid, spec.schedule], [before, oddMinutes]);
    // The operator keeps the time of the next run that it has noted, and goes by the new schedule from there on.
    const noted = await nextRun(status?.lastRunName);
    assert.ok(isOdd(await nextRun(noted)));
  });

  it("keeps Kafka's data when its size is raised, and refuses to lower it", async () => {
    const claim = ["pvc", "kafka-data", "-n", "kafka"];
    const before = uidOf(...claim);
    stack.set(["kafka", "storage"], "20Gi");
    await stack.succeed("up");
    assert.equal(uidOf(...claim), before);
    stack.set(["kafka", "storage"], "5Gi");
    const { code, output } = await stack.start("preview").end;
    assert.notEqual(code, 0);
    assert.match(output, /volume kafka\/kafka-data: "5Gi": it has 20Gi/);
    stack.set(["kafka", "storage"], "20Gi");
  });
});
