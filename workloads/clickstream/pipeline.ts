import * as pulumi from "@pulumi/pulumi";

import {
  deployPipeline,
  readPipeline,
  type CompiledPipeline,
} from "../../components/compiled-pipeline";
import type { Store } from "../../components/hudi-store";
import { Image } from "../../components/image";
import type { JobEnd } from "../../components/job-end";
import { KubeflowPipeline } from "../../components/kubeflow-pipeline";
import { PipelineRun } from "../../components/pipeline-run";
import type { SparkOperator } from "../../components/spark-operator";
import { sparkApplicationSpec } from "../../components/spark-run";
import type { Team, TeamAccount } from "../../components/team";
import type { PlacedPool, Platform } from "../../infra/platform";
import type { PipelineConfig } from "./pipeline-config";

/** What the pipeline stands on. */
export interface ClickstreamPipelineArgs {
  readonly platform: Platform;
  readonly store: Store;
  readonly sparkOperator: SparkOperator;
  /** Kubeflow Pipelines, where the stack has it. */
  readonly pipelines?: pulumi.Input<pulumi.Resource[]>;
  readonly team: Team;
  readonly pool: PlacedPool;
  readonly config: PipelineConfig;
  /** Image of the Spark jobs. */
  readonly jobs: Image;
  /** Commit of the feature table that this stack's features ended with. */
  readonly instant: pulumi.Input<string>;
  readonly timeoutSeconds: number;
  readonly after: readonly pulumi.Resource[];
}

const compiled = "workloads/clickstream/pipelines/clickstream.yaml";

/**
 * Features, split, training, evaluation, gate and registration as one pipeline: on Kubeflow Pipelines where the stack
 * has it, and in a Job of the team with KFP's own runner elsewhere.
 */
export class ClickstreamPipeline extends pulumi.ComponentResource {
  readonly end: JobEnd;

  constructor(
    name: string,
    private readonly args: ClickstreamPipelineArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:workloads:ClickstreamPipeline", name, {}, opts);
    const { platform, store, team, pool, config, pipelines } = args;
    const { featureStore, models } = store.buckets;
    const grants = [
      { bucket: featureStore, access: "read" },
      { bucket: models, access: "write" },
    ] as const;
    const account = team.account(name, grants, "none");
    const image = this.buildImage(name);
    const run = {
      platform,
      team,
      account,
      pool,
      image: image.ref,
      pipeline: this.pipeline(name, image, account),
      arguments: { instant: config.instant ?? args.instant },
      size: { cpu: config.cpu, memory: config.memory },
      timeoutSeconds: args.timeoutSeconds,
      after: args.after,
    };
    const folder = pulumi.interpolate`${models.uri}/${name}`;
    this.end =
      pipelines === undefined
        ? new PipelineRun(
            name,
            { ...run, cache: pulumi.interpolate`${folder}/cache` },
            { parent: this },
          ).end
        : new KubeflowPipeline(
            name,
            {
              ...run,
              grants,
              installed: pipelines,
              schedule: config.schedule,
              record: pulumi.interpolate`${folder}/registered/latest.json`,
            },
            { parent: this },
          ).end;
    this.registerOutputs();
  }

  /** The compiled pipeline with this stack's image, buckets and training. */
  private pipeline(
    name: string,
    image: Image,
    account: TeamAccount,
  ): pulumi.Output<CompiledPipeline> {
    const { store, config, timeoutSeconds } = this.args;
    const { featureStore, models } = store.buckets;
    return pulumi
      .all([
        image.ref,
        featureStore.uri,
        models.uri,
        this.trainingJob(name, account),
      ])
      .apply(([ref, features, registered, training]) =>
        deployPipeline(readPipeline(compiled), {
          image: ref,
          defaults: {
            feature_store: features,
            models: registered,
            threshold: config.threshold,
            training_job: training,
            timeout_seconds: timeoutSeconds,
          },
        }),
      );
  }

  /** The training that a step submits; it knows what to read and where to write, and the step's retries are its own. */
  private trainingJob(
    name: string,
    account: TeamAccount,
  ): pulumi.Output<string> {
    const { platform, sparkOperator, team, pool, config, jobs } = this.args;
    const spec = sparkApplicationSpec(
      {
        platform,
        operator: sparkOperator,
        team,
        account,
        pool,
        image: jobs.ref,
        file: "/opt/mlstack/jobs/fit.py",
        arguments: [],
        size: config.training,
      },
      { type: "Never" },
    );
    return pulumi.jsonStringify({
      apiVersion: "sparkoperator.k8s.io/v1beta2",
      kind: "SparkApplication",
      metadata: { name: `${name}-fit`, namespace: team.namespace },
      // An ended one tells a step that is started again that the work is done; after a day, the store alone does.
      spec: { ...spec, timeToLiveSeconds: 86_400 },
    });
  }

  private buildImage(name: string): Image {
    return new Image(
      name,
      {
        image: name,
        context: "workloads",
        include: [
          "clickstream/pipelines",
          "clickstream/jobs/__init__.py",
          "clickstream/jobs/evaluation.py",
          "clickstream/trainers/__init__.py",
          "clickstream/trainers/outcome.py",
          "clickstream/trainers/store.py",
          "features/python/mlstack_features",
        ],
        dockerfile: "workloads/images/pipeline/Dockerfile",
        registry: this.args.platform.images,
      },
      { parent: this },
    );
  }
}
