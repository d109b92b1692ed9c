import { basename, join } from "node:path";

import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import type { BucketName, Store } from "../../components/stores/hudi-store";
import { Image } from "../../infra/image";
import type { JobEnd } from "../../components/jobs/job-end";
import type { Kafka } from "../../components/kafka/kafka";
import { containerSecurity } from "../../components/pods/restricted-pod";
import type { SparkJobSize } from "../../components/spark/job-size";
import type { SparkOperator } from "../../components/spark/operator";
import type { SparkRunArgs } from "../../components/spark/run";
import type { Team, TeamAccount } from "../../components/teams/team";
import { nameFor } from "../../infra/names/name-limits";
import type { PlacedPool, Platform } from "../../infra/platform";
import type { StreamConfig } from "./config";
import type { DataSet, Sample } from "./data-set";
import { sparkImage } from "../images/spark-image";

/** Arguments of a streamed data set. */
export interface StreamedDataSetArgs {
  readonly platform: Platform;
  readonly store: Store;
  readonly sparkOperator: SparkOperator;
  readonly team: Team;
  readonly teamName: string;
  readonly pool: PlacedPool;
  /** Address of its topic; undefined in a stack whose data sets all come from databases. */
  readonly kafka: Kafka | undefined;
  readonly dataSet: DataSet;
  /** Path of its folder. */
  readonly folder: string;
  readonly config: StreamConfig;
  /** Ends of jobs that come first. */
  readonly after?: readonly JobEnd[];
  /** Address of the Pushgateway for jobs, if the stack has observability. */
  readonly pushgatewayUrl?: pulumi.Output<string>;
}

/** Access per bucket; none by default. */
export type Grants = Partial<Record<BucketName, "read" | "write">>;

/** Context of a data set's jobs: pools, accounts and images. */
export class DataSetContext {
  private readonly images: { readonly spark: Image; readonly tools: Image };

  constructor(
    /** Begins the name of everything that is made. */
    readonly name: string,
    readonly args: StreamedDataSetArgs,
    readonly parent: pulumi.Resource,
  ) {
    this.images = this.buildImages();
  }

  /** Name of a job of the data set, from the name of a view, a model or a step. */
  jobName(part: string): string {
    return nameFor(
      "SparkApplication",
      `${this.name}-${part.replaceAll("_", "-")}`,
    );
  }

  uri(bucket: BucketName): pulumi.Output<string> {
    return this.args.store.buckets[bucket].uri;
  }

  account(
    name: string,
    grants: Grants,
    rights: "driver" | "none" = "none",
  ): TeamAccount {
    const { store, team } = this.args;
    return team.account(
      name,
      Object.entries(store.buckets).flatMap(([key, bucket]) => {
        const access = grants[key as BucketName];
        return access === undefined ? [] : [{ bucket, access }];
      }),
      rights,
    );
  }

  /** A Spark job without its arguments, with an account of its own. */
  sparkRun(
    name: string,
    file: string,
    size: SparkJobSize,
    grants: Grants,
  ): Omit<SparkRunArgs, "arguments"> {
    const { platform, sparkOperator, team, pool } = this.args;
    return {
      platform,
      operator: sparkOperator,
      team,
      pool,
      account: this.account(name, grants, "driver"),
      image: this.images.spark.ref,
      file: `/opt/mlstack/${file}`,
      size,
    };
  }

  /** A pod of what needs no Spark. */
  toolPod(
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
        runAsUser: toolUser,
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

  /** An image of `workloads/images`, with the folders of `workloads` that it copies. */
  image(
    image: string,
    include: readonly string[] = [],
    args: Readonly<Record<string, pulumi.Input<string>>> = {},
    files?: Readonly<Record<string, string>>,
  ): Image {
    return new Image(
      `${this.name}-${image}`,
      {
        image,
        context: "workloads",
        include,
        dockerfile: `workloads/images/${image}/Dockerfile`,
        args,
        ...(files === undefined ? {} : { files }),
        registry: this.args.platform.images,
      },
      { parent: this.parent },
    );
  }

  /** By which jobs find the Pushgateway; see mlstack_features/pushing.py. */
  get pushEnv(): k8s.types.input.core.v1.EnvVar[] {
    const { pushgatewayUrl } = this.args;
    return pushgatewayUrl === undefined
      ? []
      : [{ name: "PUSHGATEWAY_URL", value: pushgatewayUrl }];
  }

  /** For what the cluster's provider makes. */
  get child() {
    return { parent: this.parent, provider: this.args.platform.provider };
  }

  private buildImages() {
    const { dataSet, folder, platform } = this.args;
    const spark = sparkImage(`${this.name}-base`, platform.images, {
      parent: this.parent,
    });
    return {
      spark: this.image("stream", code, { SPARK: spark.ref }),
      tools: this.image(
        "stream-tools",
        code,
        sampleArgs(dataSet),
        sampleFiles(dataSet, folder),
      ),
    };
  }
}

/** The commit that a job reports in its result. */
export function instantOf({ result }: JobEnd): pulumi.Output<string> {
  return result.apply(({ instant }) => String(instant));
}

/** Settings of jobs that go through a stream's events. */
export const bulkConf = {
  "spark.sql.shuffle.partitions": "4",
  // Unlike the jobs of seconds, these get something out of the second compiler.
  "spark.executor.defaultJavaOptions": "-XX:+UseParallelGC",
} as const;

/** User of the image `stream-tools`. */
const toolUser = 1001;

/** Files of the project in the images. */
const code = [
  "clickstream/jobs",
  "features/stream",
  "features/python/mlstack_features",
  "features/python/requirements.txt",
  "features/python/requirements-jobs.txt",
];

/** Path of the sample in the producer's image. */
export function sampleFile(sample: Sample): string {
  return "file" in sample
    ? `/opt/mlstack/stream/sample/${sample.file}`
    : `/opt/mlstack/data/${basename(sample.path)}`;
}

/** Source of a package's sample in the producer's image. */
function sampleArgs({ sample }: DataSet): Record<string, string> {
  return sample === undefined || "file" in sample
    ? {}
    : { SAMPLE_PACKAGE: sample.package, SAMPLE_PATH: sample.path };
}

/** The folder's own sample, beside the code of the stream, which the image copies. */
function sampleFiles(
  { sample }: DataSet,
  folder: string,
): Record<string, string> | undefined {
  return sample === undefined || !("file" in sample)
    ? undefined
    : { [`features/stream/sample/${sample.file}`]: join(folder, sample.file) };
}
