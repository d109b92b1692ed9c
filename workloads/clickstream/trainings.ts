import * as pulumi from "@pulumi/pulumi";

import type { Store } from "../../components/hudi-store";
import { Image } from "../../components/image";
import type { JobEnd } from "../../components/job-end";
import type { Team } from "../../components/team";
import {
  TrainingJob,
  type TrainingFramework,
} from "../../components/training-job";
import type { PlacedPool, Platform } from "../../infra/platform";
import {
  namedTrainers,
  type TrainerConfig,
  type TrainersConfig,
} from "./trainers-config";

/** What the trainings stand on. */
export interface TrainingsArgs {
  readonly platform: Platform;
  readonly store: Store;
  readonly team: Team;
  /** Where a training runs that names no pool. */
  readonly pool: PlacedPool;
  readonly trainers: TrainersConfig;
  /** Commit of the feature table, once it has been exported. */
  readonly instant: pulumi.Input<string>;
  readonly timeoutSeconds: number;
  /** What makes the operator's kinds known, and runs them. */
  readonly operator: pulumi.Input<pulumi.Resource[]>;
}

/** Trainings of other frameworks than Spark's on the same sessions, measured on the same held-out ones. */
export class Trainings extends pulumi.ComponentResource {
  /** How each ended, in the order in which they ran. */
  readonly ends: readonly JobEnd[];

  constructor(
    name: string,
    private readonly args: TrainingsArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:workloads:Trainings", name, {}, opts);
    const ends: JobEnd[] = [];
    // One after another: side by side they would take the cores from each other, and none would end sooner.
    for (const { framework, trainer } of namedTrainers(args.trainers)) {
      ends.push(
        this.run(`${name}-${framework}`, framework, trainer, [...ends]),
      );
    }
    this.ends = ends;
    this.registerOutputs();
  }

  private run(
    name: string,
    framework: TrainingFramework,
    trainer: TrainerConfig,
    after: readonly JobEnd[],
  ): JobEnd {
    const { platform, store, team, instant, timeoutSeconds, operator } =
      this.args;
    const { featureStore, models } = store.buckets;
    return new TrainingJob(
      name,
      {
        platform,
        team,
        pool: this.pool(trainer),
        account: team.account(
          name,
          [
            { bucket: featureStore, access: "read" },
            { bucket: models, access: "write" },
          ],
          "none",
        ),
        framework,
        image: this.image(name, framework, trainer),
        command: ["tini", "--", "python3", "-m", `trainers.${framework}.train`],
        arguments: [
          pulumi.interpolate`--exports=${featureStore.uri}/exports`,
          pulumi.interpolate`--instant=${instant}`,
          pulumi.interpolate`--models=${models.uri}`,
          ...(trainer.epochs === undefined
            ? []
            : [`--epochs=${trainer.epochs}`]),
        ],
        size: trainer.size,
        timeoutSeconds,
        after: pulumi
          .output(operator)
          .apply((operators) => [...operators, ...after]),
      },
      { parent: this },
    ).end;
  }

  private image(
    name: string,
    framework: TrainingFramework,
    { cuda }: TrainerConfig,
  ): pulumi.Output<string> {
    const { platform } = this.args;
    return new Image(
      name,
      {
        image: name,
        context: "workloads/clickstream",
        include: ["trainers"],
        dockerfile: `workloads/images/${framework}/Dockerfile`,
        args: { ACCELERATOR: cuda ? "gpu" : "cpu" },
        registry: platform.images,
      },
      { parent: this },
    ).ref;
  }

  private pool({ pool }: TrainerConfig): PlacedPool {
    const { platform } = this.args;
    // The schema has checked the name; see checkTrainers.
    return platform.pools.find(({ name }) => name === pool) ?? this.args.pool;
  }
}
