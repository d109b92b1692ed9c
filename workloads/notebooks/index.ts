import * as pulumi from "@pulumi/pulumi";

import type { HudiStore } from "../../components/hudi-store";
import { Image } from "../../components/image";
import { Notebook } from "../../components/notebook";
import type { Team } from "../../components/team";
import type { PlacedPool, Platform } from "../../infra/platform";
import type { NotebookConfig } from "./config";

/** What a person's notebook stands on. */
export interface PersonalNotebookArgs {
  readonly platform: Platform;
  readonly store: HudiStore;
  readonly team: Team;
  readonly pool: PlacedPool;
  /** Image of Spark with its connectors, which the notebook's is made from. */
  readonly spark: pulumi.Input<string>;
  readonly config: NotebookConfig;
}

/** A notebook that reads raw events and features, and writes models. */
export function personalNotebook(
  args: PersonalNotebookArgs,
  opts?: pulumi.ComponentResourceOptions,
): Notebook {
  const { platform, store, team, pool, spark, config } = args;
  const { raw, featureStore, models } = store.buckets;
  const name = `notebook-${config.name}`;
  const image = new Image(
    name,
    {
      image: "notebook",
      context: "workloads/images/notebook",
      include: ["first-look.ipynb"],
      dockerfile: "workloads/images/notebook/Dockerfile",
      args: { SPARK: spark },
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
      account: team.account(name, [
        { bucket: raw, access: "read" },
        { bucket: featureStore, access: "read" },
        { bucket: models, access: "write" },
      ]),
      image: image.ref,
      size: config,
      env: {
        MLSTACK_RAW: raw.uri,
        MLSTACK_FEATURE_STORE: featureStore.uri,
        MLSTACK_MODELS: models.uri,
      },
    },
    opts,
  );
}
