import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

import type { HudiStore } from "../components/stores/hudi-store";
import { Image } from "../infra/image";
import type { JobEnd } from "../components/jobs/job-end";
import type { KafkaConfig } from "../components/kafka/config";
import { Kafka } from "../components/kafka/kafka";
import type { SparkOperator } from "../components/spark/operator";
import type { Team } from "../components/teams/team";
import type { Platform } from "../infra/platform";
import type { Problem } from "../infra/problem";
import {
  jobName,
  type DeclaredWorkload,
} from "./declaration/declared-workload";
import { readDataSet } from "./features/read-data-set";
import { streamSchema, type StreamConfig } from "./features/config";
import { checkDatabaseTable } from "./features/database-source";
import type { DataSet } from "./features/data-set";
import { tableName } from "./features/feature-view";
import { StreamedDataSet } from "./features/streamed-data-set";
import { mostInstants } from "./features/table";
import { workloadName } from "./schema/names";

const streamName = workloadName.regex(
  /^(?!(.*-)?stream(-|$))/,
  "the names of its jobs begin with NAME-stream; choose a name without the word stream",
);

/** Data sets that a stack ingests, by the names of their folders; none unless named. */
export const streamsSchema = z
  .record(
    streamName,
    streamSchema.describe(
      "A data set ingested from a stream: clickstream and flights are examples in the project",
    ),
  )
  .prefault({});

/** Configuration of the streamed data sets. */
export type StreamsConfig = z.output<typeof streamsSchema>;

/** Context of a stack in which its streams are checked. */
export interface StreamsSurroundings {
  readonly pools: readonly { readonly name: string }[];
  readonly teams: readonly { readonly name: string }[];
  readonly kafka: KafkaConfig | undefined;
  readonly streams: StreamsConfig;
  /** Workloads of folders, beside whose jobs those of a stream run; none unless given. */
  readonly declared?: readonly DeclaredWorkload[];
}

/** A data set that a stack keeps from a stream, read and checked. */
export interface DeclaredStream {
  readonly name: string;
  readonly config: StreamConfig;
  readonly dataSet: DataSet;
  /** Path of its folder. */
  readonly folder: string;
}

/** The data sets that a stack keeps from streams, and every mistake in what it and they say, at once. */
export function declareStreams(
  path: string,
  surroundings: StreamsSurroundings,
): {
  readonly streams: readonly DeclaredStream[];
  readonly problems: readonly Problem[];
} {
  const teams = surroundings.teams.map((team) => team.name);
  const streams: DeclaredStream[] = [];
  const problems: Problem[] = [];
  for (const [name, config] of Object.entries(surroundings.streams)) {
    const place = `${path}.${name}`;
    const read = readDataSet({ name, path: config.path, place }, teams);
    problems.push(...read.problems);
    problems.push(...checkPlaces(place, config, surroundings));
    problems.push(...checkSource(place, config));
    const { dataSet, folder } = read;
    if (dataSet === undefined) continue;
    const declared = { name, config, dataSet, folder };
    streams.push(declared);
    problems.push(...checkProducer(place, declared));
    problems.push(
      ...checkPace(
        `${place}.ingest`,
        dataSet.contract.table.keepDays,
        config.ingest,
      ),
    );
  }
  problems.push(...checkTables(path, streams));
  problems.push(...checkJobs(path, streams, surroundings.declared ?? []));
  return { streams, problems };
}

/** A stream without Kafka; a topic, a team or a pool that is not there. */
function checkPlaces(
  place: string,
  stream: StreamConfig,
  { kafka, teams, pools }: StreamsSurroundings,
): Problem[] {
  const problems: Problem[] = [];
  const choose = (
    key: "team" | "pool" | "topic",
    among: readonly { readonly name: string }[],
  ) => {
    if (among.some((each) => each.name === stream[key])) return;
    const choices = among.map((each) => each.name).join(", ");
    problems.push({
      path: `${place}.${key}`,
      value: stream[key],
      remedy: choices === "" ? "declare one" : `choose one of ${choices}`,
    });
  };
  if (stream.topic !== undefined && kafka === undefined)
    problems.push({
      path: "kafka",
      value: undefined,
      remedy: `declare where the records of ${place} come from`,
    });
  else if (stream.topic !== undefined) choose("topic", kafka?.topics ?? []);
  choose("team", teams);
  choose("pool", pools);
  return problems;
}

/** A stream with two sources or none, or of a database's table that cannot be read. */
function checkSource(
  place: string,
  { topic, source, producer, ingest }: StreamConfig,
): Problem[] {
  if (source === undefined) {
    const remedy =
      "name one of the topics of the stack's kafka, or a table under source";
    return topic === undefined
      ? [{ path: `${place}.topic`, value: undefined, remedy }]
      : [];
  }
  return [
    ...(topic === undefined
      ? []
      : [
          {
            path: `${place}.topic`,
            value: topic,
            remedy:
              "the records come from the table under source; remove one of the two",
          },
        ]),
    ...(producer === undefined
      ? []
      : [
          {
            path: `${place}.producer`,
            value: producer.kind,
            remedy:
              "a producer sends to a topic, and the records come from a table; leave it out",
          },
        ]),
    ...checkDatabaseTable(
      `${place}.source.jdbc`,
      source.jdbc,
      ingest.everySeconds,
    ),
  ];
}

/** Events that a producer is to send, and that nobody has. */
function checkProducer(
  place: string,
  { config: { producer, source }, dataSet }: DeclaredStream,
): Problem[] {
  if (source !== undefined) return [];
  const refuse = (remedy: string) => [
    { path: `${place}.producer.kind`, value: producer?.kind, remedy },
  ];
  if (producer?.kind === "generate" && dataSet.synthetic === undefined)
    return refuse("nothing makes such events; replay them, or leave it out");
  if (producer?.kind === "replay" && dataSet.sample === undefined)
    return refuse("no events come with this data set; leave the producer out");
  return [];
}

/** Tables and models of two data sets that would have one name: all lie in the same buckets. */
function checkTables(
  path: string,
  streams: readonly DeclaredStream[],
): Problem[] {
  const taken = new Map<string, string>();
  return streams.flatMap(({ name, dataSet: { contract, views, models } }) => {
    const named: readonly (readonly [string, string, string])[] = [
      ["table", "contract.name", contract.name],
      ...views.map(
        (view, at) => ["table", `views[${at}].name`, tableName(view)] as const,
      ),
      ...models.map(
        (model, at) => ["model", `models[${at}].name`, model.name] as const,
      ),
    ];
    return named.flatMap(([kind, key, value]) => {
      const other = taken.get(`${kind} ${value}`);
      taken.set(`${kind} ${value}`, name);
      if (other === undefined || other === name) return [];
      const remedy = `data set ${other} has a ${kind} of this name; choose another`;
      return [{ path: `${path}.${name}: ${key}`, value, remedy }];
    });
  });
}

/** Workloads of folders whose jobs would have the name of a stream's. */
function checkJobs(
  path: string,
  streams: readonly DeclaredStream[],
  workloads: readonly DeclaredWorkload[],
): Problem[] {
  return workloads.flatMap((workload) =>
    workload.steps.flatMap(({ name }) => {
      const value = jobName(workload.name, name);
      const stream = streams.find((each) =>
        value.startsWith(`${each.name}-stream-`),
      );
      if (stream === undefined) return [];
      const remedy = `the names of the jobs of ${path}.${stream.name} begin so; rename the step`;
      return [
        { path: `workloads.${workload.name}: steps.${name}`, value, remedy },
      ];
    }),
  );
}

/** A job that runs on, and more often than its table can keep the commits. @param declared days that the data set keeps */
function checkPace(
  path: string,
  declared: number,
  { everySeconds, keepDays = declared }: StreamConfig["ingest"],
): Problem[] {
  if (everySeconds === undefined) return [];
  const kept = keepDays * DAY;
  const most = everySeconds * mostInstants;
  if (kept <= most) return [];
  const seconds = Math.ceil(kept / mostInstants);
  const days = Math.floor((most / DAY) * 100) / 100;
  return [
    {
      path: `${path}.everySeconds`,
      value: everySeconds,
      remedy: `${keepDays} days would keep more than ${mostInstants} commits, all of which Hudi lists at each: write ${seconds} or more, or ingest.keepDays of ${days} or less`,
    },
  ];
}

const DAY = 24 * 3600;

/** Dependencies of the streams. */
export interface StreamsArgs {
  readonly platform: Platform;
  readonly store: HudiStore;
  readonly teams: ReadonlyMap<string, Team>;
  readonly sparkOperator: SparkOperator;
  /** Kafka cluster of the topics. */
  readonly kafka: KafkaConfig | undefined;
  readonly streams: readonly DeclaredStream[];
  /** Whether a deletion takes the records along, as in short-lived stacks. */
  readonly forceDestroy: boolean;
  /** Address of the Pushgateway for jobs, if the stack has observability. */
  readonly pushgatewayUrl?: pulumi.Output<string>;
}

/** Registers Kafka, if the stack has it, and the data sets that a stack keeps from streams and tables. @returns the ends of their jobs */
export function runStreams(
  args: StreamsArgs,
  opts?: pulumi.ComponentResourceOptions,
): readonly JobEnd[] {
  const { platform, store, teams, sparkOperator, forceDestroy } = args;
  const { pushgatewayUrl } = args;
  const kafka =
    args.kafka && registerKafka(args.kafka, platform, forceDestroy, opts);
  const ends: JobEnd[] = [];
  for (const { name, config, dataSet, folder } of args.streams) {
    const team = teams.get(config.team);
    const pool = platform.pools.find((each) => each.name === config.pool);
    // The schema has checked both; see declareStreams.
    if (team === undefined || pool === undefined) continue;
    const streamed = new StreamedDataSet(
      `${name}-stream`,
      {
        platform,
        store: store.of(config.team),
        sparkOperator,
        team,
        teamName: config.team,
        pool,
        kafka,
        ...{ dataSet, folder, config },
        // One after another: on a small cluster the drivers of two would hold the room that their executors wait for.
        after: [...ends],
        pushgatewayUrl,
      },
      opts,
    );
    ends.push(...streamed.ends);
  }
  return ends;
}

function registerKafka(
  config: KafkaConfig,
  platform: Platform,
  forceDestroy: boolean,
  opts?: pulumi.ComponentResourceOptions,
): Kafka {
  const image =
    config.kind === "single"
      ? new Image(
          "kafka",
          {
            image: "kafka",
            context: "workloads/images/kafka",
            dockerfile: "workloads/images/kafka/Dockerfile",
            registry: platform.images,
          },
          opts,
        ).ref
      : undefined;
  return new Kafka("kafka", { platform, config, image, forceDestroy }, opts);
}
