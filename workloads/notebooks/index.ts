import * as pulumi from "@pulumi/pulumi";

import type { HudiStore, Store } from "../../components/stores/hudi-store";
import { Image } from "../../infra/image";
import { Notebook } from "../../components/notebooks/notebook";
import type { Team } from "../../components/teams/team";
import { nameFor } from "../../infra/names/name-limits";
import type { PlacedPool, Platform } from "../../infra/platform";
import type { NotebookConfig } from "./config";
import { sparkImage } from "../images/spark-image";

/** Dependencies of a stack's notebooks. */
export interface NotebooksArgs {
  readonly platform: Platform;
  readonly store: HudiStore;
  readonly teams: ReadonlyMap<string, Team>;
  readonly notebooks: readonly NotebookConfig[];
  /** Kubeflow's notebook controller, where the stack has it. */
  readonly notebookController?: pulumi.Input<pulumi.Resource[]>;
}

/** The notebooks that a stack names. */
export class Notebooks extends pulumi.ComponentResource {
  /** By the name that the stack gives them. */
  readonly opened: Readonly<Record<string, Notebook>>;

  constructor(
    name: string,
    args: NotebooksArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:workloads:Notebooks", name, {}, opts);
    const { platform, store, teams, notebooks, notebookController } = args;
    const child = { parent: this };
    const spark = sparkImage(`${name}-spark`, platform.images, child);
    this.opened = Object.fromEntries(
      notebooks.flatMap((config) => {
        const team = teams.get(config.team);
        const pool = platform.pools.find(({ name }) => name === config.pool);
        // The schema has checked both; see checkNotebooks.
        if (team === undefined || pool === undefined) return [];
        const parts = {
          ...{ platform, team, pool, spark, config },
          store: store.of(config.team),
          controller: notebookController,
        };
        return [[config.name, personalNotebook(parts, child)]];
      }),
    );
    this.registerOutputs();
  }
}

/** Dependencies of a person's notebook. */
export interface PersonalNotebookArgs {
  readonly platform: Platform;
  readonly store: Store;
  readonly team: Team;
  readonly pool: PlacedPool;
  /** Image of Spark with its connectors, which the notebook's is made from. */
  readonly spark: Image;
  readonly config: NotebookConfig;
  readonly controller?: pulumi.Input<pulumi.Resource[]>;
}

/** A notebook that reads raw events and features, and writes models. */
export function personalNotebook(
  args: PersonalNotebookArgs,
  opts?: pulumi.ComponentResourceOptions,
): Notebook {
  const { platform, store, team, pool, spark, config, controller } = args;
  const { raw, featureStore, models } = store.buckets;
  const name = nameFor("StatefulSet", `notebook-${config.name}`);
  const image = new Image(
    name,
    {
      image: "notebook",
      context: "workloads",
      include: [
        "images/notebook/first-look.ipynb",
        "images/notebook/kubeflow.py",
        "features/python/requirements.txt",
        "features/python/mlstack_features",
        ...["__init__", "errors", "jvm", "table_layout"].map(
          (module) => `clickstream/jobs/${module}.py`,
        ),
      ],
      dockerfile: "workloads/images/notebook/Dockerfile",
      args: { SPARK: spark.ref },
      registry: platform.images,
    },
    opts,
  );
  return new Notebook(
    name,
    {
      platform,
      team,
      pool,
      account: team.account(
        name,
        [
          { bucket: raw, access: "read" },
          { bucket: featureStore, access: "read" },
          { bucket: models, access: "write" },
        ],
        "none",
      ),
      image: image.ref,
      size: config,
      controller,
      env: {
        MLSTACK_RAW: raw.uri,
        MLSTACK_FEATURE_STORE: featureStore.uri,
        MLSTACK_MODELS: models.uri,
      },
    },
    opts,
  );
}
