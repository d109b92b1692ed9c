import * as pulumi from "@pulumi/pulumi";

import type { Bucket, BucketArgs, Platform } from "../../infra/platform";
import { eventLogBucket } from "../spark-history/event-log";

/** Names of the buckets that every stack has, and what each is for. */
export const bucketNames = {
  raw: "raw",
  featureStore: "feature-store",
  models: "models",
} as const;

/** Key of a bucket in {@link bucketNames}. */
export type BucketName = keyof typeof bucketNames;

/** The buckets that a workload works on. */
export interface Store {
  readonly buckets: Readonly<Record<BucketName, Bucket>>;
}

/** The buckets in which raw events, Hudi feature tables and trained models live, and the event logs of Spark jobs. */
export class HudiStore extends pulumi.ComponentResource implements Store {
  readonly buckets: Readonly<Record<BucketName, Bucket>>;
  private readonly ownModels: ReadonlyMap<string, Bucket>;
  /** Event logs of each team's Spark jobs, where they are kept. */
  readonly eventLogs: ReadonlyMap<string, Bucket>;

  constructor(
    name: string,
    args: {
      readonly platform: Platform;
      readonly bucket: BucketArgs;
      /** Teams, and whether each has its own bucket for models in place of the shared one. */
      readonly teams?: readonly {
        readonly name: string;
        readonly ownModels: boolean;
      }[];
      /** Whether the event logs of Spark jobs are kept. */
      readonly eventLogs?: boolean;
    },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:HudiStore", name, {}, opts);
    const bucket = (called: string) =>
      args.platform.bucket(called, args.bucket, { parent: this });
    this.buckets = {
      raw: bucket(bucketNames.raw),
      featureStore: bucket(bucketNames.featureStore),
      models: bucket(bucketNames.models),
    };
    this.ownModels = new Map(
      (args.teams ?? [])
        .filter(({ ownModels }) => ownModels)
        .map((team) => [
          team.name,
          bucket(`${bucketNames.models}-${team.name}`),
        ]),
    );
    this.eventLogs = new Map(
      args.eventLogs === true
        ? (args.teams ?? []).map((team) => [
            team.name,
            bucket(eventLogBucket(team.name)),
          ])
        : [],
    );
    this.registerOutputs();
  }

  /** The buckets as a team's workloads have them. */
  of(team: string): Store {
    const { models } = this.buckets;
    return {
      buckets: { ...this.buckets, models: this.ownModels.get(team) ?? models },
    };
  }
}
