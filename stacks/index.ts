import * as pulumi from "@pulumi/pulumi";

import { HudiStore } from "../components/stores/hudi-store";
import { observe } from "../components/observability/observability";
import { installOperators } from "../components/operators/operators";
import { makeTeams } from "../components/teams/team";
import { provision } from "../infra";
import { platformName } from "../infra/names/naming";
import { runWorkloads } from "../workloads";
import { Notebooks } from "../workloads/notebooks";
import { SparkHistory } from "../workloads/spark-history";
import { runStreams } from "../workloads/streams";
import { loadConfig } from "./config";
import { meanRates } from "./cost/pool-rates";
import { refuseLongNames } from "./long-names";

const stack = pulumi.getStack();
const config = loadConfig();
const shortLived = config.lifetime === "short";

pulumi.runtime.registerStackTransformation(refuseLongNames);

const platform = provision(config.target.kind, {
  name: platformName(stack),
  target: config.target,
  pools: config.pools,
  tags: { stack, owner: config.owner, expiry: config.expiry },
  lifetime: config.lifetime,
});

const operators = installOperators(platform, config.kubeflow);
const store = new HudiStore("store", {
  platform,
  bucket: {
    ...config.buckets,
    protect: !shortLived,
    forceDestroy: shortLived,
  },
  teams: config.teams,
  eventLogs: config.spark.history.enabled,
});
const teams = makeTeams(platform, config.teams, {
  owner: config.owner,
  profiles: operators.profiles,
  eventLogs: store.eventLogs,
});
const observability = observe({
  platform,
  config: config.observability,
  teams,
  rates: config.observability.enabled ? meanRates(config) : [],
});

const shared = {
  platform,
  ...operators,
  store,
  teams,
  pushgatewayUrl: observability?.pushgatewayUrl,
};
if (config.spark.history.enabled) {
  new SparkHistory("history", { ...shared, config: config.spark.history });
}
const ends = [
  ...runWorkloads({ ...shared, declared: config.declared }),
  ...runStreams({
    ...shared,
    kafka: config.kafka,
    streams: config.declaredStreams,
    forceDestroy: shortLived,
  }),
];
const named = config.workloads.notebooks ?? [];
const opened =
  named.length === 0
    ? {}
    : new Notebooks("notebooks", { ...shared, notebooks: named }).opened;

/** Kind of the stack's target. */
export const target = config.target.kind;

/** Access to the cluster, for kubectl and the notebooks. */
export const kubeconfig = platform.kubeconfig;

/** Roots of the buckets, in the target's scheme. */
export const buckets = {
  raw: store.buckets.raw.uri,
  featureStore: store.buckets.featureStore.uri,
  models: store.buckets.models.uri,
};

/** Whether the stack may be taken down unasked; the reaper reads it. */
export const lifetime = config.lifetime;

/** After when the stack may be removed; the reaper reads it. */
export const expiry = config.expiry ?? null;

/** Ends of the jobs of each workload. */
export const workloads = ends.map(({ name, state, seconds, result }) => ({
  name,
  state,
  seconds,
  result,
}));

/** Address of the dashboards, and the password of Grafana's user `admin` with Grafana. */
export const dashboards = observability
  ? {
      url: observability.dashboards.url,
      password: observability.dashboards.password ?? null,
    }
  : null;

/** Address of each notebook, and the token that opens it. */
export const notebooks = pulumi.secret(
  pulumi.output(
    Object.entries(opened).map(([name, { url, token }]) => ({
      name,
      url,
      token,
    })),
  ),
);
