import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { V1EnvVar } from "@kubernetes/client-node";
import { z } from "zod";

import type { SparkTemplate } from "../features/declared-features";
import type { CommandJobs } from "../jobs/command-jobs";

const namespace = "ml";
const stream = "clickstream-stream";

/** Events of the smallest run. */
export const leastEvents = 10_000;

/** Seconds after which a job of so many events is given up. */
const patience = (events: number) => 900 + events / 500;

/** Goals of the largest run, with one driver and one executor on 2 cores; not asserted. */
const goals = {
  /** From the topic to the table. */
  eventsPerSecond: { least: 50_000 },
  /** Driver and executor together. */
  memoryGigabytes: { most: 3 },
  /** Loads and a change of a table with Hudi's defaults over those of the declared table. */
  defaultsOverDeclared: { least: 1 },
  /** Queries of the declared table, its changes compacted, over those of one with Hudi's defaults. */
  compactedQueryOverDefaults: { most: 1 },
  /** Rewriting a plain table over an upsert of 1 %, by the process that wrote the table before. */
  rewriteOverUpsert: { least: 5 },
  /** A view's first run, over 60 days, over one after another hour with 1 % more events. */
  firstOverNextView: { least: 5 },
  freshnessMostSeconds: { most: 15 },
  lookupP99Milliseconds: { most: 2 },
} as const satisfies Readonly<
  Record<string, { readonly least: number } | { readonly most: number }>
>;

/** Each goal beside what was measured; without a figure where nothing was. */
function againstGoals(
  measured: Readonly<Record<keyof typeof goals, number | undefined>>,
): object {
  return Object.fromEntries(
    Object.entries(goals).map(([name, goal]) => {
      const value = measured[name as keyof typeof goals];
      const reached =
        value !== undefined &&
        ("least" in goal ? value >= goal.least : value <= goal.most);
      return [name, { ...goal, measured: value, reached }];
    }),
  );
}

const ingestedSchema = z.looseObject({
  rows: z.number(),
  metrics: z.looseObject({ seconds: z.number(), perSecond: z.number() }),
});

const viewedSchema = z.looseObject({
  rows: z.number(),
  metrics: z.looseObject({ seconds: z.number() }),
});

const tablesSchema = z.looseObject({
  rows: z.number(),
  defaultsOverDeclared: z.number(),
  compactedQueryOverDefaults: z.number(),
  rewriteOverUpsert: z.number(),
});

const producedSchema = z.looseObject({
  metrics: z.looseObject({ perSecond: z.number() }),
});

const lookedUpSchema = z.looseObject({ p99Milliseconds: z.number() });

const commitsSchema = z.array(
  z.looseObject({ median: z.number(), most: z.number() }),
);

/**
 * Figures of the stream of a stack that is up, each run into a topic and a table of its own.
 *
 * @param most events of the largest run; each before it has a tenth of the next one's
 */
export async function benchStreams(
  jobs: CommandJobs,
  most: number,
): Promise<object> {
  const bench = new StreamBench(
    jobs,
    jobs.declared.sparkJob(namespace, `${stream}-ingest`),
  );
  bench.cleanUpOnSignal();
  const growth: Grown[] = [];
  const sizes: number[] = [];
  for (let size = most; size >= leastEvents; size = Math.floor(size / 10))
    sizes.unshift(size);
  const steps = sizes.length * 3 + 2;
  let done = 0;
  const step = async <Result>(
    title: string,
    work: () => Promise<Result>,
  ): Promise<Result> => {
    process.stderr.write(`step ${++done} of ${steps}: ${title}\n`);
    const result = await work();
    process.stderr.write(`  ${JSON.stringify(result)}\n`);
    return result;
  };
  for (const events of sizes) {
    const of = `of ${events} events`;
    growth.push({
      ...(await step(`a stream ${of}`, () => bench.ingest(events))),
      tables: await step(`tables ${of}`, () => bench.tables(events)),
      view: await step(`an hourly view ${of}`, () => bench.view(events)),
    });
  }
  const freshness = await step("the age of an event at its commit", () =>
    bench.freshness(),
  );
  const lookup = await step("look-ups of the online store", () =>
    bench.lookup(),
  );
  const largest = growth.at(-1);
  return {
    goals: againstGoals({
      eventsPerSecond: largest?.perSecond,
      memoryGigabytes: largest?.gigabytes,
      defaultsOverDeclared: largest?.tables.defaultsOverDeclared,
      compactedQueryOverDefaults: largest?.tables.compactedQueryOverDefaults,
      rewriteOverUpsert: largest?.tables.rewriteOverUpsert,
      firstOverNextView: largest?.view.firstOverNext,
      freshnessMostSeconds: freshness.mostSeconds,
      lookupP99Milliseconds: lookup?.p99Milliseconds,
    }),
    growth,
    freshness,
    lookup,
  };
}

/** When the history of a view begins, and how long it is. */
const historyStart = new Date("2026-01-01T00:00:00Z");
const historyHours = 60 * 24;

/** Options of the producer for synthetic events. */
interface Generated {
  readonly users?: number;
  /** Hours of event time that they spread over. */
  readonly hours?: number;
  readonly start?: string;
  readonly seed?: number;
  /** Events a second; 0 for as fast as it goes. */
  readonly rate?: number;
}

/** Figures of one number of events. */
type Grown = Awaited<ReturnType<StreamBench["ingest"]>> & {
  readonly tables: Awaited<ReturnType<StreamBench["tables"]>>;
  readonly view: Awaited<ReturnType<StreamBench["view"]>>;
};

class StreamBench {
  private readonly run = randomBytes(3).toString("hex");
  /** Jobs that have begun and are not removed yet: namespace by name. */
  private readonly running = new Map<string, string>();
  private readonly env: readonly V1EnvVar[];
  private readonly servers: string;

  constructor(
    private readonly jobs: CommandJobs,
    private readonly template: SparkTemplate,
  ) {
    const { driver, arguments: args } = template.spec;
    this.env = (driver.template.spec.containers[0]?.env ?? []) as V1EnvVar[];
    this.servers = args.find((text) => text.startsWith("--servers=")) ?? "";
  }

  /** So many events into the topic and from there into a table. */
  async ingest(events: number) {
    const topic = this.topic(events);
    await this.makeTopic(topic);
    const produced = producedSchema.parse(
      JSON.parse(await this.produce(topic, events)),
    );
    const start = performance.now();
    const name = await this.start(this.job(topic, []));
    let bytes = 0;
    const watch = setInterval(() => {
      this.jobs.memoryOf(namespace, name).then(
        (now) => (bytes = Math.max(bytes, now)),
        // Between two pods there is nothing to ask.
        () => undefined,
      );
      // The answer takes the kubelet a while, on the cores that are measured.
    }, 5000);
    try {
      const result = await this.jobs.sparkEnd(
        namespace,
        name,
        patience(events),
      );
      const { rows, metrics } = ingestedSchema.parse(JSON.parse(result));
      return {
        events,
        rows,
        producedPerSecond: produced.metrics.perSecond,
        perSecond: metrics.perSecond,
        seconds: metrics.seconds,
        jobSeconds: round((performance.now() - start) / 1000),
        gigabytes: round(bytes / 2 ** 30),
      };
    } finally {
      clearInterval(watch);
      await this.remove(namespace, name);
    }
  }

  /** The events of such a run again: into a table as declared, into one with Hudi's defaults, and into plain Parquet. */
  async tables(events: number): Promise<z.output<typeof tablesSchema>> {
    const { namespace, spec } = this.job(this.topic(events), []);
    const wanted = /^--(contract|feature-store)=/;
    const bench = {
      namespace,
      spec: {
        ...spec,
        mainApplicationFile: "local:///opt/mlstack/stream/table_bench.py",
        arguments: spec.arguments.filter((text) => wanted.test(text)),
      },
    };
    const result = await this.end(bench, events);
    return tablesSchema.parse(JSON.parse(result));
  }

  /** An hourly view: the first time, of the events of 60 days, and again after an hour with 1 % more. */
  async view(events: number) {
    const topic = `${this.topic(events)}-days`;
    const users = Math.max(10, events / 100);
    await this.makeTopic(topic);
    await this.produce(topic, events, {
      users,
      hours: historyHours,
      start: historyStart.toISOString(),
    });
    await this.end(this.job(topic, []), events);
    const first = await this.viewOnce(topic, events);
    const historyEnd = new Date(historyStart.getTime() + historyHours * 3.6e6);
    await this.produce(topic, events / 100, {
      users,
      hours: 1,
      seed: 2,
      start: historyEnd.toISOString(),
    });
    await this.end(this.job(topic, []), events);
    const next = await this.viewOnce(topic, events);
    return {
      first,
      next,
      firstOverNext: round(first.seconds / next.seconds),
    };
  }

  private async viewOnce(
    topic: string,
    events: number,
  ): Promise<{ readonly rows: number; readonly seconds: number }> {
    const { namespace, spec } = this.jobs.declared.sparkJob(
      this.template.namespace,
      `${stream}-user-activity`,
    );
    const own = /^--(feature-store|source-instant)=/;
    const view = {
      namespace,
      spec: {
        ...spec,
        arguments: [
          ...spec.arguments.filter((text) => !own.test(text)),
          `--feature-store=${this.folder("feature-store", topic)}`,
        ],
      },
    };
    const result = await this.end(view, events);
    const { rows, metrics } = viewedSchema.parse(JSON.parse(result));
    return { rows, seconds: metrics.seconds };
  }

  /** Runs a job of so many events to its end, and removes it. @returns its result */
  private async end(template: SparkTemplate, events: number): Promise<string> {
    const name = await this.start(template);
    try {
      return await this.jobs.sparkEnd(
        template.namespace,
        name,
        patience(events),
      );
    } finally {
      await this.remove(template.namespace, name);
    }
  }

  private async start(template: SparkTemplate): Promise<string> {
    const name = await this.jobs.startSpark("bench", template);
    this.running.set(name, template.namespace);
    return name;
  }

  private async remove(namespace: string, name: string): Promise<void> {
    await this.jobs.deleteSpark(namespace, name);
    this.running.delete(name);
  }

  /** Has a bench that is ended by a signal take its job away, which would go on for an hour. */
  cleanUpOnSignal(): void {
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const)
      process.once(signal, () => {
        void Promise.allSettled(
          [...this.running].map(([name, namespace]) =>
            this.jobs.deleteSpark(namespace, name),
          ),
        ).then(() => process.exit(code));
      });
  }

  /** A job that runs on, and 1,000 events a second: how long each takes from the topic to a commit. */
  async freshness() {
    const topic = `bench-${this.run}-fresh`;
    await this.makeTopic(topic);
    const name = await this.start(this.job(topic, ["--every=1"]));
    try {
      await this.produce(topic, 60_000, { rate: 1000 });
      // The last batch of the stream.
      await sleep(20_000);
      const answer = await this.jobs.tool({
        command: ["python3", "-m", "mlstack_features.cli"],
        args: [
          `--feature-store=${this.folder("feature-store", topic)}`,
          ...["freshness", "clickstream_events"],
        ],
        env: this.env,
      });
      const commits = commitsSchema.parse(JSON.parse(answer));
      // The first one is of whatever came while the job started.
      const most = commits.slice(1).map((commit) => commit.most);
      return {
        commits: commits.length,
        medianSeconds: commits.at(commits.length / 2)?.median,
        mostSeconds: Math.max(...most),
      };
    } finally {
      await this.remove(namespace, name);
    }
  }

  /** Look-ups of the online store, one at a time, from a pod beside it; none where the stack keeps no such store. */
  async lookup(): Promise<z.output<typeof lookedUpSchema> | undefined> {
    const env = this.jobs.declared.deploymentWith(
      namespace,
      "mlstack_features.sink",
      ["--view=user_activity"],
    );
    if (env === undefined) return undefined;
    const script = [
      "import json, os, time",
      "from mlstack_features.online import OnlineStore",
      "store = OnlineStore.at(os.environ['ONLINE_STORE_URL'])",
      "def once(user):",
      "    start = time.perf_counter()",
      "    found = store.lookup('user_activity', user) is not None",
      "    return time.perf_counter() - start, found",
      "[once(user) for user in range(1000)]",
      "every = sorted(once(user % 2000) for user in range(20000))",
      "times = [seconds * 1000 for seconds, _ in every]",
      "print(json.dumps({'found': sum(found for _, found in every), 'medianMilliseconds': times[10000],",
      "    'p99Milliseconds': times[19800]}))",
    ].join("\n");
    const answer = await this.jobs.tool({
      command: ["python3", "-c", script],
      args: [],
      env,
    });
    return lookedUpSchema.parse(JSON.parse(answer));
  }

  private topic(events: number): string {
    return `bench-${this.run}-${events}`;
  }

  private makeTopic(topic: string): Promise<string> {
    const script = [
      "import os, sys",
      "from confluent_kafka.admin import AdminClient, NewTopic",
      "from stream.kafka_settings import librdkafka_settings",
      "settings = {'bootstrap.servers': sys.argv[1].partition('=')[2], **librdkafka_settings(os.environ)}",
      // A client that nobody holds takes its requests with it.
      "client = AdminClient(settings)",
      "made = client.create_topics([NewTopic(sys.argv[2], 4, 1)])",
      "[each.result() for each in made.values()]",
    ].join("\n");
    return this.jobs.tool({
      command: ["python3", "-c", script],
      args: [this.servers, topic],
      env: this.env,
    });
  }

  private produce(topic: string, events: number, generated: Generated = {}) {
    const options: Generated = { seed: 1, rate: 0, ...generated };
    return this.jobs.tool(
      {
        command: ["python3", "-m", "stream.producer"],
        args: [
          this.servers,
          `--topic=${topic}`,
          `--generate=${events}`,
          ...Object.entries(options).map(
            ([name, value]) => `--${name}=${value}`,
          ),
        ],
        env: this.env,
      },
      patience(events),
    );
  }

  private job(topic: string, more: readonly string[]): SparkTemplate {
    const { namespace, spec } = this.template;
    const own = /^--(feature-store|raw|topic|every|run)=/;
    return {
      namespace,
      spec: {
        ...spec,
        restartPolicy: { type: "Never" },
        arguments: [
          ...spec.arguments.filter((text) => !own.test(text)),
          `--feature-store=${this.folder("feature-store", topic)}`,
          `--raw=${this.folder("raw", topic)}`,
          `--topic=${topic}`,
          ...more,
        ],
      },
    };
  }

  /** A folder of this run in one of the stack's buckets. */
  private folder(bucket: "feature-store" | "raw", topic: string): string {
    const option = `--${bucket}=`;
    const uri = this.template.spec.arguments
      .find((text) => text.startsWith(option))
      ?.slice(option.length);
    return `${uri}/bench/${topic}`;
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
