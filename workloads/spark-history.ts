import * as pulumi from "@pulumi/pulumi";

import type { HudiStore } from "../components/stores/hudi-store";
import type { SparkHistoryConfig } from "../components/spark-history/config";
import { HistoryServer } from "../components/spark-history/history-server";
import type { Team } from "../components/teams/team";
import type { Platform } from "../infra/platform";
import { sparkImage } from "./images/spark-image";

/** Arguments of {@link SparkHistory}. */
export interface SparkHistoryArgs {
  readonly platform: Platform;
  readonly store: HudiStore;
  readonly teams: ReadonlyMap<string, Team>;
  readonly config: SparkHistoryConfig;
}

/** A History Server per team, with the image of the Spark jobs: it has the connectors of every target. */
export class SparkHistory extends pulumi.ComponentResource {
  constructor(
    name: string,
    { platform, store, teams, config }: SparkHistoryArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:workloads:SparkHistory", name, {}, opts);
    const child = { parent: this };
    const image = sparkImage(`${name}-spark`, platform.images, child).ref;
    const pool = platform.pools.find((each) => each.name === config.pool);
    for (const [teamName, team] of teams) {
      const logs = store.eventLogs.get(teamName);
      // The configuration has been checked; see checkHistory.
      if (pool === undefined || logs === undefined) continue;
      new HistoryServer(
        { platform, team, teamName, logs, pool, image, config },
        child,
      );
    }
    this.registerOutputs();
  }
}
