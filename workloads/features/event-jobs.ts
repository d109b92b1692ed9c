import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { endOf, type JobEnd } from "../../components/jobs/job-end";
import type { KafkaClient } from "../../components/kafka/kafka";
import {
  runOptions,
  withoutAwaitingTheEnd,
} from "../../components/jobs/run-options";
import { SparkJob } from "../../components/spark/job";
import { SparkSchedule } from "../../components/spark/schedule";
import { SparkService } from "../../components/spark/service";
import { nameFor } from "../../infra/names/name-limits";
import { contractSpec } from "./contract";
import { bulkConf, sampleFile, type DataSetContext } from "./data-set-context";
import {
  databaseEnv,
  databaseTableSpec,
  openWayToDatabase,
} from "./database-source";
import { databaseClientLabel } from "./labels";

/** Sends events to the topic; nothing unless the stack names a producer. */
export function produceEvents(
  context: DataSetContext,
  client: KafkaClient | undefined,
  after: readonly JobEnd[],
): readonly JobEnd[] {
  const { config, dataSet, team } = context.args;
  const { producer, topic, timeoutSeconds } = config;
  if (producer === undefined || topic === undefined || client === undefined)
    return [];
  const { sample } = dataSet;
  const source =
    producer.kind === "generate"
      ? [`--generate=${producer.events}`, `--seed=${producer.seed}`]
      : [
          `--file=${sample && sampleFile(sample)}`,
          `--key=${sample?.key}`,
          ...(producer.events === undefined
            ? []
            : [`--first=${producer.events}`]),
        ];
  const name = context.jobName("producer");
  // Events are sent by a run; ids make the same events the same.
  const spec: k8s.types.input.batch.v1.JobSpec = {
    backoffLimit: 3,
    template: {
      spec: context.toolPod("producer", "Never", {
        command: ["python3", "-m", "stream.producer"],
        args: [
          pulumi.interpolate`--servers=${client.servers}`,
          `--topic=${topic}`,
          `--rate=${producer.rate}`,
          ...source,
        ],
        env: [...client.env],
      }),
    },
  };
  const job = new k8s.batch.v1.Job(
    name,
    {
      metadata: {
        name,
        namespace: team.namespace,
        annotations: withoutAwaitingTheEnd,
      },
      spec,
    },
    runOptions(spec, {
      ...context.child,
      dependsOn: [...client.ready, ...after],
    }),
  );
  const opts = { parent: context.parent };
  return [endOf(name, job, { ...context.args, timeoutSeconds }, opts)];
}

/** Events into their table. Without `everySeconds` the program waits until the topic has been read; else the job runs on. */
export function ingestEvents(
  context: DataSetContext,
  client: KafkaClient | undefined,
  produced: readonly JobEnd[],
  after: readonly JobEnd[],
): readonly JobEnd[] {
  const { config, dataSet, platform } = context.args;
  const { contract } = dataSet;
  const { table } = contract;
  const {
    everySeconds,
    onLoss,
    batch,
    size,
    keepDays = table.keepDays,
  } = config.ingest;
  const name = context.jobName("ingest");
  const source = sourceOf(context, name, client);
  const run = {
    ...context.sparkRun(name, "stream/ingest.py", size, {
      raw: "write",
      featureStore: "write",
    }),
    env: [...source.env, ...context.pushEnv],
    podLabels: source.podLabels,
    conf: {
      ...streamConf,
      ...(platform.abortableWrites && abortableCheckpoint),
    },
    after: [...source.ready, ...produced, ...after],
    arguments: [
      `--contract=${JSON.stringify(contractSpec({ ...contract, table: { ...table, keepDays } }))}`,
      pulumi.interpolate`--feature-store=${context.uri("featureStore")}`,
      pulumi.interpolate`--raw=${context.uri("raw")}`,
      ...source.arguments,
      `--batch=${batch}`,
      `--on-loss=${onLoss}`,
      ...(everySeconds === undefined
        ? // Other events are another run, although nothing else of the job has changed.
          produced.map((end) => pulumi.interpolate`--run=${end.id}`)
        : [`--every=${everySeconds}`]),
    ],
  };
  const opts = { parent: context.parent };
  if (everySeconds !== undefined) {
    new SparkService(name, run, opts);
    return [];
  }
  const schedule = config.source?.jdbc.schedule;
  if (schedule !== undefined)
    new SparkSchedule(
      nameFor("ScheduledSparkApplication", name, "schedule"),
      { ...run, schedule },
      opts,
    );
  const { timeoutSeconds } = config;
  return [new SparkJob(name, { ...run, timeoutSeconds }, opts).end];
}

/** Arguments, variables and dependencies of a job that reads a data set's records: from a topic, or a database's table. */
function sourceOf(
  context: DataSetContext,
  name: string,
  client: KafkaClient | undefined,
): {
  readonly arguments: readonly pulumi.Input<string>[];
  readonly env: readonly k8s.types.input.core.v1.EnvVar[];
  readonly podLabels?: Readonly<Record<string, string>>;
  readonly ready: readonly pulumi.Resource[];
} {
  const { config, platform, team } = context.args;
  const { topic, source } = config;
  if (source !== undefined) {
    const { jdbc: table } = source;
    const pods = { [databaseClientLabel]: name };
    const way = {
      table,
      pods,
      namespace: team.namespace,
      network: platform.clusterNetwork,
    };
    return {
      arguments: [`--database=${JSON.stringify(databaseTableSpec(table))}`],
      env: databaseEnv(table),
      podLabels: pods,
      ready: [openWayToDatabase(name, way, context.child)],
    };
  }
  if (client === undefined || topic === undefined)
    // The configuration has checked it; see declareStreams.
    throw new Error(`${name} has neither a topic nor a table`);
  return {
    arguments: [
      pulumi.interpolate`--servers=${client.servers}`,
      `--topic=${topic}`,
    ],
    env: client.env,
    ready: client.ready,
  };
}

const streamConf = {
  ...bulkConf,
  // The JVM compiles no method with more bytecodes; Spark's default of 65,535 leaves some interpreted.
  "spark.sql.codegen.hugeMethodLimit": "8000",
  // A cached batch is read three times and dropped: compressing it takes as long as validating it.
  "spark.sql.inMemoryColumnarStorage.compressed": "false",
} as const;

/**
 * Writes each checkpoint file as a whole or not at all, without a rename, which would copy it. Only the S3A client can
 * do that.
 */
const abortableCheckpoint = {
  "spark.sql.streaming.checkpointFileManagerClass":
    "org.apache.spark.internal.io.cloud.AbortableStreamBasedCheckpointFileManager",
} as const;
