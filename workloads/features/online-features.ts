import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { JobEnd } from "../../components/job-end";
import { OnlineStore } from "../../components/online-store";
import { nameFor } from "../../infra/name-limits";
import { tableName } from "./feature-view";
import type { Ground } from "./ground";

/** Keeps the newest rows of the views in Redis too; nothing unless the stack asks for it. */
export function serveOnline(ground: Ground, after: readonly JobEnd[]): void {
  const { config, platform, team, pool, dataSet } = ground.args;
  if (config.online === undefined) return;
  const online = new OnlineStore(
    nameFor("StatefulSet", ground.name, "online"),
    {
      platform,
      namespace: team.namespace,
      pool,
      config: config.online,
      image: ground.image("redis").ref,
    },
    { parent: ground.parent },
  );
  const { keepHours } = config.online;
  const name = ground.jobName("sink");
  const account = ground.account(name, { featureStore: "read" });
  const labels = { "app.kubernetes.io/name": name };
  new k8s.apps.v1.Deployment(
    name,
    {
      metadata: { namespace: team.namespace, labels },
      spec: {
        replicas: 1,
        // Two sinks would do the same work twice, though never wrongly.
        strategy: { type: "Recreate" },
        selector: { matchLabels: labels },
        template: {
          metadata: { labels: { ...labels, ...account.identity.podLabels } },
          spec: {
            ...ground.toolPod("sink", "Always", {
              command: ["python3", "-m", "mlstack_features.sink"],
              args: [
                pulumi.interpolate`--feature-store=${ground.uri("featureStore")}`,
                "--online=$(ONLINE_STORE_URL)",
                "--every=10",
                "--repair-every=3600",
                ...(keepHours === undefined
                  ? []
                  : [`--keep-hours=${keepHours}`]),
                ...dataSet.views.map((view) => `--view=${tableName(view)}`),
              ],
              env: [...online.env, ...account.identity.env, ...ground.pushEnv],
            }),
            serviceAccountName: account.name,
          },
        },
      },
    },
    {
      ...ground.child,
      dependsOn: [...online.ready, ...account.ready, ...after],
    },
  );
}
