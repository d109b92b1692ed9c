import * as pulumi from "@pulumi/pulumi";

import { accountRights } from "../../components/teams/account-rights";
import type { JobEnd } from "../../components/jobs/job-end";
import { SparkJob } from "../../components/spark/job";
import { submissionRules } from "../../components/spark/mounts";
import type { SparkRunArgs } from "../../components/spark/run";
import { SparkSchedule } from "../../components/spark/schedule";
import type { TeamAccount } from "../../components/teams/team";
import { nameFor } from "../../infra/names/name-limits";
import { featureModelSpec, type FeatureModel } from "./feature-model";
import { bulkConf, instantOf, type DataSetContext } from "./data-set-context";
import { commandLabel, modelLabel, runLabel } from "./labels";

/**
 * Trains as of the commits that ingestion and view have ended with, whatever is written to their tables meanwhile; and
 * looks for drift of the models that declare it.
 */
export function trainModels(
  context: DataSetContext,
  ingested: readonly JobEnd[],
  views: ReadonlyMap<string, JobEnd>,
): readonly JobEnd[] {
  const { config, dataSet } = context.args;
  const ends: JobEnd[] = [];
  for (const model of dataSet.models) {
    const name = context.jobName(model.name);
    const view = views.get(model.view);
    const run = {
      ...context.sparkRun(
        name,
        "mlstack_features/training.py",
        config.training.size,
        { featureStore: "read", models: "write" },
      ),
      conf: bulkConf,
      after: [...ingested, ...views.values(), ...ends],
      arguments: modelArguments(context, model),
    };
    const asOf = [
      ...ingested.map(
        (end) => pulumi.interpolate`--source-instant=${instantOf(end)}`,
      ),
      ...(view === undefined
        ? []
        : [pulumi.interpolate`--instant=${instantOf(view)}`]),
    ];
    const { timeoutSeconds } = config;
    const { end } = new SparkJob(
      name,
      { ...run, arguments: [...run.arguments, ...asOf], timeoutSeconds },
      { parent: context.parent },
    );
    ends.push(end);
    if (model.drift !== undefined) watchDrift(context, name, model, run, end);
  }
  return ends;
}

/** The job that looks for drift, and the training that it may start: on what is newest then. */
function watchDrift(
  context: DataSetContext,
  training: string,
  model: FeatureModel,
  run: SparkRunArgs,
  trained: JobEnd,
): void {
  const { drift: config } = context.args.config;
  const { schedule = "", ...limits } = model.drift ?? {};
  const opts = { parent: context.parent };
  const retraining = nameFor(
    "ScheduledSparkApplication",
    training,
    "retraining",
  );
  new SparkSchedule(
    retraining,
    {
      ...run,
      schedule: "@yearly",
      suspended: true,
      labels: { [runLabel]: training },
    },
    opts,
  );
  const name = nameFor("ScheduledSparkApplication", training, "drift");
  const job = context.sparkRun(
    name,
    "mlstack_features/drift_job.py",
    config.size,
    { featureStore: "read", models: "write" },
  );
  const rights = mayRetrain(
    context,
    name,
    job.account,
    run,
    training,
    retraining,
  );
  new SparkSchedule(
    name,
    {
      ...job,
      schedule,
      suspended: !config.scheduled,
      labels: { [commandLabel]: "drift", [modelLabel]: model.name },
      env: context.pushEnv,
      conf: bulkConf,
      after: [trained, ...rights],
      arguments: [
        ...modelArguments(context, model),
        `--drift=${JSON.stringify(limits)}`,
        `--retraining=${retraining}`,
      ],
    },
    opts,
  );
}

function modelArguments(
  context: DataSetContext,
  model: FeatureModel,
): readonly pulumi.Input<string>[] {
  const { contract, views } = context.args.dataSet;
  return [
    `--model=${JSON.stringify(featureModelSpec(model, views, contract))}`,
    pulumi.interpolate`--feature-store=${context.uri("featureStore")}`,
    pulumi.interpolate`--models=${context.uri("models")}`,
  ];
}

/** Rights on the one training by name; that an application is made cannot be given by name. */
function mayRetrain(
  context: DataSetContext,
  name: string,
  account: TeamAccount,
  run: SparkRunArgs,
  training: string,
  retraining: string,
): pulumi.Resource[] {
  const { namespace } = context.args.team;
  const apiGroups = ["sparkoperator.k8s.io"];
  const applications = { apiGroups, resources: ["sparkapplications"] };
  return accountRights(
    name,
    {
      namespace,
      subject: { namespace, name: account.name },
      rules: [
        {
          apiGroups,
          resources: ["scheduledsparkapplications"],
          resourceNames: [retraining],
          verbs: ["get"],
        },
        { ...applications, resourceNames: [training], verbs: ["get"] },
        {
          ...applications,
          resourceNames: [retraining],
          verbs: ["get", "delete"],
        },
        { ...applications, verbs: ["create"] },
        ...submissionRules([run]),
      ],
    },
    context.child,
  );
}
