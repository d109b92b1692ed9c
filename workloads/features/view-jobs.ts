import * as pulumi from "@pulumi/pulumi";

import type { JobEnd } from "../../components/jobs/job-end";
import { SparkJob } from "../../components/spark/job";
import { SparkSchedule } from "../../components/spark/schedule";
import { featureViewSpec, tableName, type FeatureView } from "./feature-view";
import { bulkConf, instantOf, type DataSetContext } from "./data-set-context";
import { nameFor } from "../../infra/names/name-limits";
import { commandLabel, viewLabel } from "./labels";

/**
 * Computes the views, one after another: side by side, two Spark jobs would take the cores from each other.
 *
 * @returns the ends of their jobs by table
 */
export function computeViews(
  context: DataSetContext,
  ingested: readonly JobEnd[],
): ReadonlyMap<string, JobEnd> {
  const ends = new Map<string, JobEnd>();
  for (const view of context.args.dataSet.views) {
    const after = [...ingested, ...ends.values()];
    ends.set(tableName(view), compute(context, view, ingested, after));
  }
  return ends;
}

function compute(
  context: DataSetContext,
  view: FeatureView,
  ingested: readonly JobEnd[],
  after: readonly JobEnd[],
): JobEnd {
  const { config, dataSet } = context.args;
  const { size, scheduled } = config.views;
  const schedule = view.schedule && (config.views.schedule ?? view.schedule);
  const name = context.jobName(tableName(view));
  const spec = featureViewSpec(view, dataSet.contract);
  const run = {
    ...context.sparkRun(name, "mlstack_features/job.py", size, {
      featureStore: "write",
    }),
    conf: bulkConf,
    after,
    arguments: [
      `--view=${JSON.stringify(spec)}`,
      pulumi.interpolate`--feature-store=${context.uri("featureStore")}`,
    ],
  };
  const opts = { parent: context.parent };
  if (scheduled && schedule !== undefined) {
    new SparkSchedule(
      nameFor("ScheduledSparkApplication", name, "schedule"),
      { ...run, schedule },
      opts,
    );
  }
  new SparkSchedule(
    nameFor("ScheduledSparkApplication", name, "rollback"),
    {
      ...run,
      file: "/opt/mlstack/mlstack_features/rollback.py",
      schedule: "@yearly",
      suspended: true,
      labels: { [commandLabel]: "rollback", [viewLabel]: tableName(view) },
    },
    opts,
  );
  const { timeoutSeconds } = config;
  // The commit that ingestion ended with: another one is another run of the view.
  const upTo = ingested.map(
    (end) => pulumi.interpolate`--source-instant=${instantOf(end)}`,
  );
  return new SparkJob(
    name,
    { ...run, arguments: [...run.arguments, ...upTo], timeoutSeconds },
    opts,
  ).end;
}
