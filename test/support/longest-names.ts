const forty = (letter: string) => letter.repeat(40);

/** A stack's name as long as Pulumi takes it, with a dot. */
export const longStack = `${"s".repeat(39)}.1`;

/** The longest names that a stack's file takes, for everything that it names. */
export function longestNames(stack: string) {
  const team = forty("t");
  // A local node and an AKS pool have limits of their own, which are checked with the target.
  const pool = stack === "azure" ? "p".repeat(12) : "p".repeat(32);
  const stream = {
    ...{ team, pool },
    topic: "events",
    views: { scheduled: true },
    ingest: { everySeconds: 600 },
    online: { kind: "redis" },
  };
  return {
    teams: [
      // Answers for the data sets.
      { name: "ml" },
      {
        name: team,
        quota: { cpu: "64", memory: "256Gi", gpus: 8 },
        ownModels: true,
        members: {
          edit: [`user:${"u".repeat(80)}@example.org`],
          view: [`group:${"g".repeat(80)}`],
        },
      },
    ],
    owner: "o".repeat(63),
    kafka: { kind: "single", topics: [{ name: "events" }] },
    streams: { clickstream: stream, flights: stream },
    observability: { enabled: true },
    spark: { history: { enabled: true, pool } },
    workloads: {
      clickstream: {
        team,
        steps: Object.fromEntries(
          ["pytorch", "tensorflow", "xgboost", "serving", "pipeline"].map(
            (step) => [step, { enabled: true }],
          ),
        ),
      },
      notebooks: [{ name: forty("n"), team, pool }],
    },
  };
}

const machines: Readonly<Record<string, string>> = {
  aws: "m7i.2xlarge",
  gcp: "n2-standard-8",
  azure: "Standard_D8s_v5",
  scaleway: "POP2-8C-32G",
};

/** One pool of that name. */
export function poolsOf(stack: string, name: string) {
  return [
    {
      name,
      min: stack === "onprem" ? 3 : 1,
      max: 3,
      machineType: machines[stack],
    },
  ];
}

/** All of Kubeflow. */
export const wholeKubeflow = {
  trainingOperator: true,
  pipelines: true,
  notebooks: true,
  profiles: true,
  kserve: true,
};
