import * as pulumi from "@pulumi/pulumi";

import { nameFor } from "../../infra/names/name-limits";
import type { Bucket, PlacedPool, Platform } from "../../infra/platform";
import { amount } from "../../infra/quantity";
import { workloadUser } from "../pods/restricted-pod";
import type { Team } from "../teams/team";
import { WebService } from "../serving/web-service";
import type { SparkHistoryConfig } from "./config";

/** Arguments of {@link HistoryServer}. */
export interface HistoryServerArgs {
  readonly platform: Platform;
  readonly team: Team;
  readonly teamName: string;
  /** Event logs of the team's jobs. */
  readonly logs: Bucket;
  readonly pool: PlacedPool;
  /** Image of Spark with the connector of the target's object store. */
  readonly image: pulumi.Input<string>;
  readonly config: SparkHistoryConfig;
}

const port = 18080;

/** Spark's History Server for the jobs of one team, in its namespace. */
export class HistoryServer extends pulumi.ComponentResource {
  constructor(args: HistoryServerArgs, opts?: pulumi.ComponentResourceOptions) {
    const name = nameFor("Deployment", `history-${args.teamName}`);
    super("mlstack:components:HistoryServer", name, {}, opts);
    const { platform, team, pool, image, config, logs } = args;
    // It removes logs when their time has come.
    const account = team.account(
      name,
      [{ bucket: logs, access: "write" }],
      "none",
    );
    const options = pulumi
      .all([account.identity.hadoopConf, logs.uri])
      .apply(([hadoopConf, uri]) =>
        Object.entries({
          "spark.history.fs.logDirectory": uri,
          "spark.history.ui.port": String(port),
          "spark.history.fs.update.interval": "10s",
          "spark.history.fs.cleaner.enabled": "true",
          "spark.history.fs.cleaner.maxAge": `${config.keepDays}d`,
          // A stream's event log grows: its newest files are kept, older ones are compacted.
          "spark.history.fs.eventLog.rolling.maxFilesToRetain": "8",
          ...Object.fromEntries(
            Object.entries(hadoopConf).map(([key, value]) => [
              `spark.hadoop.${key}`,
              value,
            ]),
          ),
        })
          .map(([key, value]) => `-D${key}=${value}`)
          .join(" "),
      );
    new WebService(
      name,
      {
        ...{ platform, team, pool, account, image, port },
        command: [
          "/opt/spark/bin/spark-class",
          "org.apache.spark.deploy.history.HistoryServer",
        ],
        arguments: [],
        env: [
          { name: "SPARK_HISTORY_OPTS", value: options },
          {
            name: "SPARK_DAEMON_MEMORY",
            value: `${Math.floor((amount(config.memory) * heapShare) / 2 ** 20)}m`,
          },
        ],
        size: { replicas: 1, cpu: config.cpu, memory: config.memory, gpus: 0 },
        user: workloadUser,
        health: "/api/v1/version",
        timeoutSeconds: 300,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

/** Share of the container's memory that is the JVM's heap; classes, threads and buffers take the rest. */
const heapShare = 0.6;
