import { basename } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import type { BucketName, Store } from "../../components/hudi-store";
import { Image } from "../../components/image";
import type { JobEnd } from "../../components/job-end";
import { ModelServer } from "../../components/model-server";
import { SparkJob } from "../../components/spark-job";
import type { SparkJobSize } from "../../components/spark-job-size";
import type { SparkOperator } from "../../components/spark-operator";
import type { Team } from "../../components/team";
import type { PlacedPool, Platform } from "../../infra/platform";
import type { ClickstreamConfig } from "./config";
import { isUri, stackBucketOf } from "./input-file";
import { ClickstreamPipeline } from "./pipeline";
import { namedTrainers } from "./trainers-config";
import { Trainings } from "./trainings";

/** What the workload stands on. */
export interface ClickstreamArgs {
  readonly platform: Platform;
  readonly store: Store;
  readonly sparkOperator: SparkOperator;
  readonly team: Team;
  readonly pool: PlacedPool;
  readonly config: ClickstreamConfig;
  /** What must be there before trainings of other frameworks than Spark's run. */
  readonly trainingOperator?: pulumi.Input<pulumi.Resource[]>;
  /** What must be there before an InferenceService; a Deployment serves where it is not given. */
  readonly kserve?: pulumi.Input<pulumi.Resource[]>;
  /** Kubeflow Pipelines, where the stack has it. */
  readonly pipelines?: pulumi.Input<pulumi.Resource[]>;
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
  /** What answers with the best model, where the stack asks for it. */
  readonly server: ModelServer | undefined;
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
    const trained = [
      features,
      training,
      ...this.runTrainers(name, features, training),
    ];
    this.ends = [
      ...trained,
      ...this.runPipeline(`${name}-pipeline`, features, trained),
    ];
    this.server = this.serve(`${name}-serving`, features);
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
        pulumi.interpolate`--input=${this.inputPath(input?.path)}`,
        ...(input?.encoding === undefined
          ? []
          : [`--encoding=${input.encoding}`]),
        ...columns.map(([field, column]) => `--column=${field}=${column}`),
        pulumi.interpolate`--feature-store=${this.uri("featureStore")}`,
        pulumi.interpolate`--raw=${this.uri("raw")}`,
      ],
    });
  }

  private runTraining(name: string, features: JobEnd): JobEnd {
    // As of the commit that the features ended with, whatever is written to the table meanwhile.
    return this.run(name, {
      file: `${inImage.jobs}/training.py`,
      size: this.args.config.training,
      grants: { featureStore: "read", models: "write" },
      arguments: [
        pulumi.interpolate`--feature-store=${this.uri("featureStore")}`,
        pulumi.interpolate`--models=${this.uri("models")}`,
        pulumi.interpolate`--instant=${instantOf(features)}`,
      ],
    });
  }

  /** The feature table as plain Parquet, and what trains on it; nothing unless the stack names a trainer. */
  private runTrainers(
    name: string,
    features: JobEnd,
    training: JobEnd,
  ): readonly JobEnd[] {
    const { platform, store, team, pool, config } = this.args;
    if (namedTrainers(config.trainers).length === 0) return [];
    const exported = this.run(`${name}-export`, {
      file: `${inImage.jobs}/export.py`,
      size: config.trainers.export,
      grants: { featureStore: "write" },
      arguments: [
        pulumi.interpolate`--feature-store=${this.uri("featureStore")}`,
        pulumi.interpolate`--instant=${instantOf(features)}`,
      ],
      // Side by side, two Spark jobs would take the cores from each other.
      after: [training],
    });
    const trainings = new Trainings(
      name,
      {
        platform,
        store,
        team,
        pool,
        trainers: config.trainers,
        instant: instantOf(exported),
        timeoutSeconds: config.timeoutSeconds,
        operator: this.args.trainingOperator ?? [],
      },
      { parent: this },
    );
    return [exported, ...trainings.ends];
  }

  /** The same training as a pipeline; nothing unless the stack asks for it. */
  private runPipeline(
    name: string,
    features: JobEnd,
    after: readonly JobEnd[],
  ): readonly JobEnd[] {
    const { config, ...others } = this.args;
    if (config.pipeline === undefined) return [];
    const pipeline = new ClickstreamPipeline(
      name,
      {
        ...others,
        config: config.pipeline,
        jobs: this.image,
        instant: instantOf(features),
        timeoutSeconds: config.timeoutSeconds,
        // Side by side, two trainings would take the cores from each other.
        after,
      },
      { parent: this },
    );
    return [pipeline.end];
  }

  private serve(name: string, features: JobEnd): ModelServer | undefined {
    const { platform, store, team, pool, config } = this.args;
    if (config.serving === undefined) return undefined;
    const image = new Image(
      name,
      {
        image: name,
        context: "workloads/clickstream",
        include: ["serving", "trainers"],
        dockerfile: "workloads/images/serving/Dockerfile",
        registry: platform.images,
      },
      { parent: this },
    );
    const { models } = store.buckets;
    return new ModelServer(
      name,
      {
        platform,
        team,
        pool,
        account: team.account(
          name,
          [{ bucket: models, access: "read" }],
          "none",
        ),
        image: image.ref,
        arguments: [
          pulumi.interpolate`--models=${models.uri}`,
          pulumi.interpolate`--run=${instantOf(features)}`,
        ],
        size: config.serving,
        kserve: this.args.kserve,
        // The models must be there, all of them, before the best is chosen.
        after: this.ends,
      },
      { parent: this },
    );
  }

  private run(
    name: string,
    job: {
      readonly file: string;
      readonly size: SparkJobSize;
      readonly grants: Partial<Record<BucketName, "read" | "write">>;
      readonly arguments: readonly pulumi.Input<string>[];
      readonly after?: readonly pulumi.Resource[];
    },
  ): JobEnd {
    const { platform, sparkOperator, team, pool, store, config } = this.args;
    const grants = Object.entries(store.buckets).flatMap(([key, bucket]) => {
      const access = job.grants[key as BucketName];
      return access === undefined ? [] : [{ bucket, access }];
    });
    return new SparkJob(
      name,
      {
        platform,
        operator: sparkOperator,
        team,
        pool,
        account: team.account(name, grants, "driver"),
        image: this.image.ref,
        file: job.file,
        arguments: job.arguments,
        size: job.size,
        timeoutSeconds: config.timeoutSeconds,
        after: job.after,
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

  private inputPath(path: string | undefined): pulumi.Input<string> {
    if (path === undefined) return inImage.builtInData;
    const inStack = stackBucketOf(path);
    if (inStack !== undefined)
      return pulumi.interpolate`${this.uri(inStack.bucket)}/${inStack.path}`;
    return isUri(path) ? path : `${inImage.data}/${basename(path)}`;
  }

  private uri(bucket: BucketName): pulumi.Output<string> {
    return this.args.store.buckets[bucket].uri;
  }
}

/** The commit that a job tells of in its result. */
function instantOf({ result }: JobEnd): pulumi.Output<string> {
  return result.apply(({ instant }) => String(instant));
}
