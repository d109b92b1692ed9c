import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

import type { HudiStore } from "../components/hudi-store";
import { Image } from "../components/image";
import type { JobEnd } from "../components/job-end";
import type { KafkaConfig } from "../components/kafka/config";
import { Kafka } from "../components/kafka/kafka";
import type { SparkOperator } from "../components/spark-operator";
import type { Team } from "../components/team";
import type { Platform } from "../infra/platform";
import type { Problem } from "../infra/problem";
import { dataSets, type DataSetName } from "./data-sets";
import { streamSchema, type StreamConfig } from "./features/config";
import {
  checkDataSet,
  declareDataSet,
  type DataSetDeclaration,
} from "./features/declare";
import { StreamedDataSet } from "./features/streamed-data-set";
import { mostInstants, tableSchema } from "./features/table";

/** Which data sets a stack keeps from a stream; none unless it names them. */
export const streamsSchema = z.strictObject(everyDataSet()).prefault({});

function everyDataSet() {
  const optional = streamSchema
    .optional()
    .describe("Keeps this data set from a stream; not at all unless given");
  return Object.fromEntries(
    Object.keys(dataSets).map((name) => [name, optional]),
  ) as Record<DataSetName, typeof optional>;
}

/** Configuration of the streamed data sets. */
export type StreamsConfig = z.output<typeof streamsSchema>;

/** What of a stack the streams are checked against. */
export interface StreamsSurroundings {
  readonly pools: readonly { readonly name: string }[];
  readonly teams: readonly { readonly name: string }[];
  readonly kafka: KafkaConfig | undefined;
  readonly streams: StreamsConfig;
}

/** A stream without Kafka, a topic that is not declared, a team or pool that is not there, more commits than can be kept. */
export function checkStreams(
  path: string,
  { pools, teams, kafka, streams }: StreamsSurroundings,
): Problem[] {
  return named(streams).flatMap(([name, stream]) => {
    const problems: Problem[] = [];
    const choose = (
      key: "team" | "pool" | "topic",
      among: readonly { readonly name: string }[],
    ) => {
      if (among.some((each) => each.name === stream[key])) return;
      const choices = among.map((each) => each.name).join(", ");
      problems.push({
        path: `${path}.${name}.${key}`,
        value: stream[key],
        remedy: choices === "" ? "declare one" : `choose one of ${choices}`,
      });
    };
    if (kafka === undefined) {
      problems.push({
        path: "kafka",
        value: undefined,
        remedy: `declare where the records of ${path}.${name} come from`,
      });
    } else {
      choose("topic", kafka.topics);
    }
    const { sample, synthetic, contract }: DataSetDeclaration = dataSets[name];
    const { producer, ingest } = stream;
    if (producer?.kind === "generate" && synthetic !== true) {
      problems.push({
        path: `${path}.${name}.producer.kind`,
        value: producer.kind,
        remedy: "nothing makes such events; replay them, or leave it out",
      });
    }
    if (producer?.kind === "replay" && sample === undefined) {
      problems.push({
        path: `${path}.${name}.producer.kind`,
        value: producer.kind,
        remedy: "no events come with this data set; leave the producer out",
      });
    }
    const declared = tableSchema.parse(contract.table ?? {}).keepDays;
    problems.push(...checkPace(`${path}.${name}.ingest`, declared, ingest));
    choose("team", teams);
    choose("pool", pools);
    const own = checkDataSet(
      dataSets[name],
      teams.map((team) => team.name),
    );
    problems.push(
      ...own.problems.map((problem) => ({
        ...problem,
        path: `${path}.${name}: ${problem.path}`,
      })),
    );
    return problems;
  });
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

/** What the streams stand on. */
export interface StreamsArgs {
  readonly platform: Platform;
  readonly store: HudiStore;
  readonly teams: ReadonlyMap<string, Team>;
  readonly sparkOperator: SparkOperator;
  /** Where records come from; nothing is registered without it. */
  readonly kafka: KafkaConfig | undefined;
  readonly streams: StreamsConfig;
  /** Whether a deletion takes the records along, as in short-lived stacks. */
  readonly forceDestroy: boolean;
  /** Where jobs push what they measured, where the stack is observed. */
  readonly pushgatewayUrl?: pulumi.Output<string>;
}

/** Registers Kafka and the data sets that a stack keeps from it. @returns the ends of their jobs */
export function runStreams(
  args: StreamsArgs,
  opts?: pulumi.ComponentResourceOptions,
): readonly JobEnd[] {
  const { platform, store, teams, sparkOperator, forceDestroy } = args;
  const { pushgatewayUrl } = args;
  if (args.kafka === undefined) return [];
  const image =
    args.kafka.kind === "single"
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
  const kafka = new Kafka(
    "kafka",
    { platform, config: args.kafka, image, forceDestroy },
    opts,
  );
  const ends: JobEnd[] = [];
  for (const [name, config] of named(args.streams)) {
    const team = teams.get(config.team);
    const pool = platform.pools.find((each) => each.name === config.pool);
    // The schema has checked both; see checkStreams.
    if (team === undefined || pool === undefined) continue;
    const dataSet = new StreamedDataSet(
      `${name}-stream`,
      {
        platform,
        store: store.of(config.team),
        sparkOperator,
        team,
        teamName: config.team,
        pool,
        kafka,
        dataSet: declareDataSet(dataSets[name], [...teams.keys()]),
        config,
        // One after another: on a small cluster the drivers of two would hold the room that their executors wait for.
        after: [...ends],
        pushgatewayUrl,
      },
      opts,
    );
    ends.push(...dataSet.ends);
  }
  return ends;
}

function named(streams: StreamsConfig) {
  return Object.entries(streams).flatMap(([name, config]) =>
    config === undefined ? [] : [[name as DataSetName, config] as const],
  );
}
