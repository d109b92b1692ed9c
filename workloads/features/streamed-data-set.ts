import { basename } from "node:path";

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { BucketName, HudiStore } from "../../components/hudi-store";
import { Image } from "../../components/image";
import { endOf, type JobEnd } from "../../components/job-end";
import type { Kafka, KafkaClient } from "../../components/kafka/kafka";
import { OnlineStore } from "../../components/online-store";
import { containerSecurity } from "../../components/restricted-pod";
import type { SparkOperator } from "../../components/spark-operator";
import { SparkJob } from "../../components/spark-job";
import type { SparkJobSize } from "../../components/spark-job-size";
import type { SparkRunArgs } from "../../components/spark-run";
import { SparkSchedule } from "../../components/spark-schedule";
import { SparkService } from "../../components/spark-service";
import type { Team } from "../../components/team";
import type { PlacedPool, Platform } from "../../infra/platform";
import type { StreamConfig } from "./config";
import { contractSpec } from "./contract";
import type { DataSet } from "./declare";
import { featureModelSpec } from "./feature-model";
import { featureViewSpec, tableName, type FeatureView } from "./feature-view";
import { commandLabel, viewLabel } from "./labels";

/** What a streamed data set stands on. */
export interface StreamedDataSetArgs {
  readonly platform: Platform;
  readonly store: HudiStore;
  readonly sparkOperator: SparkOperator;
  readonly team: Team;
  readonly teamName: string;
  readonly pool: PlacedPool;
  readonly kafka: Kafka;
  readonly dataSet: DataSet;
  readonly config: StreamConfig;
  /** Where jobs push what they measured, where the stack is observed. */
  readonly pushgatewayUrl?: pulumi.Output<string>;
}

/** A data set from its topic to its feature views: events in, validated and upserted; features out, offline and online. */
export class StreamedDataSet extends pulumi.ComponentResource {
  /** How each job that ends did, in the order in which they ran. */
  readonly ends: readonly JobEnd[];
  private readonly client: KafkaClient;
  private readonly images: { readonly spark: Image; readonly tools: Image };

  constructor(
    private readonly name: string,
    private readonly args: StreamedDataSetArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:workloads:StreamedDataSet", name, {}, opts);
    this.client = args.kafka.client(args.team.namespace, args.teamName);
    this.images = this.buildImages();
    const produced = this.produce();
    const ingested = this.ingest(produced);
    const views = this.computeViews(ingested);
    const models = this.trainModels(ingested, views);
    this.serveOnline([...views.values()]);
    this.answerQuestions();
    this.ends = [...produced, ...ingested, ...views.values(), ...models];
    this.registerOutputs();
  }

  private produce(): readonly JobEnd[] {
    const { producer, topic } = this.args.config;
    if (producer === undefined) return [];
    const { sample } = this.args.dataSet;
    const source =
      producer.kind === "generate"
        ? [`--generate=${producer.events}`, `--seed=${producer.seed}`]
        : [
            `--file=/opt/mlstack/data/${basename(sample?.path ?? "")}`,
            `--key=${sample?.key}`,
          ];
    const name = `${this.name}-producer`;
    const job = new k8s.batch.v1.Job(
      name,
      {
        metadata: { name, namespace: this.args.team.namespace },
        spec: {
          backoffLimit: 3,
          template: {
            spec: this.toolPod("producer", "Never", {
              command: ["python3", "-m", "stream.producer"],
              args: [
                pulumi.interpolate`--servers=${this.client.servers}`,
                `--topic=${topic}`,
                `--rate=${producer.rate}`,
                ...source,
              ],
              env: [...this.client.env],
            }),
          },
        },
      },
      {
        ...this.child,
        dependsOn: [...this.client.ready],
        // Events are sent by a run; another declaration is another run, and ids make the same events the same.
        replaceOnChanges: ["spec"],
        deleteBeforeReplace: true,
      },
    );
    return [
      endOf(
        name,
        job,
        {
          ...this.args,
          timeoutSeconds: this.args.config.timeoutSeconds,
        },
        { parent: this },
      ),
    ];
  }

  /** Without `everySeconds` the program waits until the topic has been read; else the job runs on. */
  private ingest(after: readonly JobEnd[]): readonly JobEnd[] {
    const { config, dataSet } = this.args;
    const { everySeconds, batch, size } = config.ingest;
    const name = `${this.name}-ingest`;
    const run = {
      ...this.sparkRun(name, "/opt/mlstack/stream/ingest.py", size, {
        raw: "write",
        featureStore: "write",
      }),
      env: [...this.client.env, ...this.pushEnv],
      conf: streamConf,
      after: [...this.client.ready, ...after],
      arguments: [
        `--contract=${JSON.stringify(contractSpec(dataSet.contract))}`,
        pulumi.interpolate`--feature-store=${this.uri("featureStore")}`,
        pulumi.interpolate`--raw=${this.uri("raw")}`,
        pulumi.interpolate`--servers=${this.client.servers}`,
        `--topic=${config.topic}`,
        `--batch=${batch}`,
        ...(everySeconds === undefined
          ? // Other events are another run, although nothing else of the job has changed.
            after.map((end) => pulumi.interpolate`--run=${end.id}`)
          : [`--every=${everySeconds}`]),
      ],
    };
    const opts = { parent: this };
    if (everySeconds !== undefined) {
      new SparkService(name, run, opts);
      return [];
    }
    const { timeoutSeconds } = config;
    return [new SparkJob(name, { ...run, timeoutSeconds }, opts).end];
  }

  /** One after another: side by side, two Spark jobs would take the cores from each other. */
  private computeViews(
    ingested: readonly JobEnd[],
  ): ReadonlyMap<string, JobEnd> {
    const ends = new Map<string, JobEnd>();
    for (const view of this.args.dataSet.views) {
      const after = [...ingested, ...ends.values()];
      ends.set(tableName(view), this.compute(view, ingested, after));
    }
    return ends;
  }

  private compute(
    view: FeatureView,
    ingested: readonly JobEnd[],
    after: readonly JobEnd[],
  ): JobEnd {
    const { config, dataSet } = this.args;
    const { size, scheduled } = config.views;
    const name = `${this.name}-${tableName(view).replaceAll("_", "-")}`;
    const spec = featureViewSpec(view, dataSet.contract);
    const run = {
      ...this.sparkRun(name, "/opt/mlstack/mlstack_features/job.py", size, {
        featureStore: "write",
      }),
      conf: bulkConf,
      after,
      arguments: [
        `--view=${JSON.stringify(spec)}`,
        pulumi.interpolate`--feature-store=${this.uri("featureStore")}`,
      ],
    };
    const opts = { parent: this };
    if (scheduled && view.schedule !== undefined) {
      new SparkSchedule(
        `${name}-schedule`,
        { ...run, schedule: view.schedule },
        opts,
      );
    }
    new SparkSchedule(
      `${name}-rollback`,
      {
        ...run,
        file: "/opt/mlstack/mlstack_features/rollback.py",
        schedule: "@yearly",
        suspended: true,
        labels: { [commandLabel]: "rollback", [viewLabel]: tableName(view) },
      },
      opts,
    );
    const { timeoutSeconds } = config;
    // The commit that ingestion ended with: another one is another run of the view.
    const upTo = ingested.map(
      (end) => pulumi.interpolate`--source-instant=${instantOf(end)}`,
    );
    return new SparkJob(
      name,
      { ...run, arguments: [...run.arguments, ...upTo], timeoutSeconds },
      opts,
    ).end;
  }

  /** As of the commits that ingestion and view have ended with, whatever is written to their tables meanwhile. */
  private trainModels(
    ingested: readonly JobEnd[],
    views: ReadonlyMap<string, JobEnd>,
  ): readonly JobEnd[] {
    const { config, dataSet } = this.args;
    const ends: JobEnd[] = [];
    for (const model of dataSet.models) {
      const name = `${this.name}-${model.name.replaceAll("_", "-")}`;
      const view = views.get(model.view);
      const spec = featureModelSpec(model, dataSet.views, dataSet.contract);
      const run = {
        ...this.sparkRun(
          name,
          "/opt/mlstack/mlstack_features/training.py",
          config.training.size,
          { featureStore: "read", models: "write" },
        ),
        conf: bulkConf,
        after: [...ingested, ...views.values(), ...ends],
        arguments: [
          `--model=${JSON.stringify(spec)}`,
          pulumi.interpolate`--feature-store=${this.uri("featureStore")}`,
          pulumi.interpolate`--models=${this.uri("models")}`,
          ...ingested.map(
            (end) => pulumi.interpolate`--source-instant=${instantOf(end)}`,
          ),
          ...(view === undefined
            ? []
            : [pulumi.interpolate`--instant=${instantOf(view)}`]),
        ],
      };
      const { timeoutSeconds } = config;
      const opts = { parent: this };
      ends.push(new SparkJob(name, { ...run, timeoutSeconds }, opts).end);
    }
    return ends;
  }

  /** A suspended CronJob, of which `npm run features` makes Jobs: it has the image, the account and the place. */
  private answerQuestions(): void {
    const name = `${this.name}-features`;
    const { team } = this.args;
    const account = this.account(name, { featureStore: "read" });
    new k8s.batch.v1.CronJob(
      name,
      {
        metadata: {
          name,
          namespace: team.namespace,
          labels: { [commandLabel]: "questions" },
        },
        spec: {
          schedule: "@yearly",
          suspend: true,
          jobTemplate: {
            spec: {
              backoffLimit: 0,
              ttlSecondsAfterFinished: 600,
              template: {
                metadata: { labels: account.identity.podLabels },
                spec: {
                  ...this.toolPod("features", "Never", {
                    command: ["python3", "-m", "mlstack_features.cli"],
                    args: [
                      pulumi.interpolate`--feature-store=${this.uri("featureStore")}`,
                    ],
                    env: [...account.identity.env],
                  }),
                  serviceAccountName: account.name,
                },
              },
            },
          },
        },
      },
      { ...this.child, dependsOn: [...account.ready] },
    );
  }

  private serveOnline(after: readonly JobEnd[]): void {
    const { config, platform, team, pool, dataSet } = this.args;
    if (config.online === undefined) return;
    const name = `${this.name}-online`;
    const online = new OnlineStore(
      name,
      {
        platform,
        namespace: team.namespace,
        pool,
        config: config.online,
        image: this.image("redis", {}).ref,
      },
      { parent: this },
    );
    const account = this.account(`${this.name}-sink`, { featureStore: "read" });
    const labels = { "app.kubernetes.io/name": `${this.name}-sink` };
    new k8s.apps.v1.Deployment(
      `${this.name}-sink`,
      {
        metadata: { namespace: team.namespace, labels },
        spec: {
          replicas: 1,
          // Two sinks would do the same work twice, though never wrongly.
          strategy: { type: "Recreate" },
          selector: { matchLabels: labels },
          template: {
            metadata: { labels: { ...labels, ...account.identity.podLabels } },
            spec: {
              ...this.toolPod("sink", "Always", {
                command: ["python3", "-m", "mlstack_features.sink"],
                args: [
                  pulumi.interpolate`--feature-store=${this.uri("featureStore")}`,
                  "--online=$(ONLINE_STORE_URL)",
                  "--every=10",
                  ...dataSet.views.map((view) => `--view=${tableName(view)}`),
                ],
                env: [...online.env, ...account.identity.env],
              }),
              serviceAccountName: account.name,
            },
          },
        },
      },
      {
        ...this.child,
        dependsOn: [...online.ready, ...account.ready, ...after],
      },
    );
  }

  private sparkRun(
    name: string,
    file: string,
    size: SparkJobSize,
    grants: Partial<Record<BucketName, "read" | "write">>,
  ): Omit<SparkRunArgs, "arguments"> {
    const { platform, sparkOperator, team, pool } = this.args;
    return {
      platform,
      operator: sparkOperator,
      team,
      pool,
      account: this.account(name, grants),
      image: this.images.spark.ref,
      file,
      size,
    };
  }

  private account(
    name: string,
    grants: Partial<Record<BucketName, "read" | "write">>,
  ) {
    const { store, team } = this.args;
    return team.account(
      name,
      Object.entries(store.buckets).flatMap(([key, bucket]) => {
        const access = grants[key as BucketName];
        return access === undefined ? [] : [{ bucket, access }];
      }),
    );
  }

  private toolPod(
    container: string,
    restartPolicy: "Never" | "Always",
    run: Pick<k8s.types.input.core.v1.Container, "command" | "args" | "env">,
  ): k8s.types.input.core.v1.PodSpec {
    const { placement } = this.args.pool;
    return {
      restartPolicy,
      nodeSelector: placement.nodeSelector,
      tolerations: [...placement.tolerations],
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1001,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          ...run,
          name: container,
          image: this.images.tools.ref,
          resources: {
            requests: { cpu: "100m", memory: "256Mi" },
            // A question reads a whole view: one of a million events is 1 GiB on the way.
            limits: { memory: "3Gi" },
          },
          securityContext: containerSecurity,
        },
      ],
    };
  }

  private buildImages() {
    const spark = new Image(
      `${this.name}-base`,
      {
        image: "spark",
        context: "workloads/images/spark",
        dockerfile: "workloads/images/spark/Dockerfile",
        registry: this.args.platform.images,
      },
      { parent: this },
    );
    return {
      spark: this.image("stream", { SPARK: spark.ref }),
      tools: this.image("stream-tools", sampleArgs(this.args.dataSet)),
    };
  }

  private image(
    image: "stream" | "stream-tools" | "redis",
    args: Readonly<Record<string, pulumi.Input<string>>>,
  ): Image {
    return new Image(
      `${this.name}-${image}`,
      {
        image,
        context: "workloads",
        include:
          image === "redis"
            ? []
            : [
                "clickstream/jobs",
                "clickstream/stream",
                "features/python/mlstack_features",
                "features/python/requirements.txt",
              ],
        dockerfile: `workloads/images/${image}/Dockerfile`,
        args,
        registry: this.args.platform.images,
      },
      { parent: this },
    );
  }

  private uri(bucket: BucketName): pulumi.Output<string> {
    return this.args.store.buckets[bucket].uri;
  }

  /** By which jobs find the Pushgateway; see mlstack_features/pushing.py. */
  private get pushEnv(): k8s.types.input.core.v1.EnvVar[] {
    const { pushgatewayUrl } = this.args;
    return pushgatewayUrl === undefined
      ? []
      : [{ name: "PUSHGATEWAY_URL", value: pushgatewayUrl }];
  }

  private get child() {
    return { parent: this, provider: this.args.platform.provider };
  }
}

/** What the image of the producer takes the sample from. */
function sampleArgs({ sample }: DataSet): Record<string, string> {
  return sample === undefined
    ? {}
    : { SAMPLE_PACKAGE: sample.package, SAMPLE_PATH: sample.path };
}

/** The commit that a job tells of in its result. */
function instantOf({ result }: JobEnd): pulumi.Output<string> {
  return result.apply(({ instant }) => String(instant));
}

/** Settings of jobs that go through a stream's events. */
const bulkConf = {
  "spark.sql.shuffle.partitions": "4",
  // Unlike the jobs of seconds, these get something out of the second compiler.
  "spark.executor.defaultJavaOptions": "-XX:+UseParallelGC",
} as const;

/** A checkpoint on an object store: a file is there whole or not at all, without a rename that copies. */
const streamConf = {
  ...bulkConf,
  "spark.sql.streaming.checkpointFileManagerClass":
    "org.apache.spark.internal.io.cloud.AbortableStreamBasedCheckpointFileManager",
} as const;
