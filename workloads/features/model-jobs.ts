import * as pulumi from "@pulumi/pulumi";

import type { JobEnd } from "../../components/job-end";
import { SparkJob } from "../../components/spark-job";
import { featureModelSpec } from "./feature-model";
import { bulkConf, instantOf, type Ground } from "./ground";

/** Trains as of the commits that ingestion and view have ended with, whatever is written to their tables meanwhile. */
export function trainModels(
  ground: Ground,
  ingested: readonly JobEnd[],
  views: ReadonlyMap<string, JobEnd>,
): readonly JobEnd[] {
  const { config, dataSet } = ground.args;
  const ends: JobEnd[] = [];
  for (const model of dataSet.models) {
    const name = `${ground.name}-${model.name.replaceAll("_", "-")}`;
    const view = views.get(model.view);
    const spec = featureModelSpec(model, dataSet.views, dataSet.contract);
    const run = {
      ...ground.sparkRun(
        name,
        "mlstack_features/training.py",
        config.training.size,
        { featureStore: "read", models: "write" },
      ),
      conf: bulkConf,
      after: [...ingested, ...views.values(), ...ends],
      arguments: [
        `--model=${JSON.stringify(spec)}`,
        pulumi.interpolate`--feature-store=${ground.uri("featureStore")}`,
        pulumi.interpolate`--models=${ground.uri("models")}`,
        ...ingested.map(
          (end) => pulumi.interpolate`--source-instant=${instantOf(end)}`,
        ),
        ...(view === undefined
          ? []
          : [pulumi.interpolate`--instant=${instantOf(view)}`]),
      ],
    };
    const { timeoutSeconds } = config;
    const opts = { parent: ground.parent };
    ends.push(new SparkJob(name, { ...run, timeoutSeconds }, opts).end);
  }
  return ends;
}
