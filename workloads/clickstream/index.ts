import { basename } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { type BucketName, HudiStore } from "../../components/hudi-store";
import { Image } from "../../components/image";
import type { JobEnd } from "../../components/job-end";
import { SparkJob } from "../../components/spark-job";
import type { SparkJobSize } from "../../components/spark-job-size";
import type { Team } from "../../components/team";
import type { PlacedPool, Platform } from "../../infra/platform";
import type { ClickstreamConfig } from "./config";
import { isUri } from "./input-file";

/** What the workload stands on. */
export interface ClickstreamArgs {
  readonly platform: Platform;
  readonly store: HudiStore;
  readonly team: Team;
  readonly pool: PlacedPool;
  readonly config: ClickstreamConfig;
}

/** Where the image keeps the job code and the files that it was given. */
const inImage = {
  jobs: "/opt/mlstack/jobs",
  data: "/opt/mlstack/data",
  builtInData: "/opt/mlstack/data/ecom.csv.gz",
} as const;

/** Features of click-stream sessions in the feature store, and a model trained from them as of that commit. */
export class Clickstream extends pulumi.ComponentResource {
  /** How each job ended, in the order in which they ran. */
  readonly ends: readonly JobEnd[];
  private readonly image: Image;

  constructor(
    name: string,
    private readonly args: ClickstreamArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:workloads:Clickstream", name, {}, opts);
    this.image = this.buildImage(name);
    const features = this.runFeatures(`${name}-features`);
    const training = this.runTraining(`${name}-training`, features);
    this.ends = [features, training];
    this.registerOutputs();
  }

  private runFeatures(name: string): JobEnd {
    const { input, features } = this.args.config;
    const columns = Object.entries(input?.columns ?? {});
    return this.run(name, {
      file: `${inImage.jobs}/features.py`,
      size: features,
      grants: { raw: "write", featureStore: "write" },
      arguments: [
        `--input=${inputPath(input?.path)}`,
        ...columns.map(([field, column]) => `--column=${field}=${column}`),
        pulumi.interpolate`--feature-store=${this.uri("featureStore")}`,
        pulumi.interpolate`--raw=${this.uri("raw")}`,
      ],
    });
  }

  private runTraining(name: string, features: JobEnd): JobEnd {
    // As of the commit that the features ended with, whatever is written to the table meanwhile.
    const instant = features.result.apply((result) => result["instant"]);
    return this.run(name, {
      file: `${inImage.jobs}/training.py`,
      size: this.args.config.training,
      grants: { featureStore: "read", models: "write" },
      arguments: [
        pulumi.interpolate`--feature-store=${this.uri("featureStore")}`,
        pulumi.interpolate`--models=${this.uri("models")}`,
        pulumi.interpolate`--instant=${instant}`,
      ],
    });
  }

  private run(
    name: string,
    job: {
      readonly file: string;
      readonly size: SparkJobSize;
      readonly grants: Partial<Record<BucketName, "read" | "write">>;
      readonly arguments: readonly pulumi.Input<string>[];
    },
  ): JobEnd {
    const { platform, team, pool, store, config } = this.args;
    const grants = Object.entries(store.buckets).flatMap(([key, bucket]) => {
      const access = job.grants[key as BucketName];
      return access === undefined ? [] : [{ bucket, access }];
    });
    return new SparkJob(
      name,
      {
        platform,
        team,
        pool,
        account: team.account(name, grants),
        image: this.image.ref,
        file: job.file,
        arguments: job.arguments,
        size: job.size,
        timeoutSeconds: config.timeoutSeconds,
      },
      { parent: this },
    ).end;
  }

  private buildImage(name: string): Image {
    const { platform, config } = this.args;
    const path = config.input?.path;
    const spark = new Image(
      "spark",
      {
        image: "spark",
        context: "workloads/images/spark",
        dockerfile: "workloads/images/spark/Dockerfile",
        registry: platform.images,
      },
      { parent: this },
    );
    return new Image(
      name,
      {
        image: name,
        context: "workloads/clickstream",
        include: ["jobs"],
        files:
          path === undefined || isUri(path)
            ? {}
            : { [`data/${basename(path)}`]: path },
        dockerfile: `workloads/images/${name}/Dockerfile`,
        args: { SPARK: spark.ref },
        registry: platform.images,
      },
      { parent: this },
    );
  }

  private uri(bucket: BucketName): pulumi.Output<string> {
    return this.args.store.buckets[bucket].uri;
  }
}

function inputPath(path: string | undefined): string {
  if (path === undefined) return inImage.builtInData;
  return isUri(path) ? path : `${inImage.data}/${basename(path)}`;
}
