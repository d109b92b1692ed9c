import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { JobEnd } from "../../components/jobs/job-end";
import { OnlineStore } from "../../components/stores/online-store";
import { nameFor } from "../../infra/names/name-limits";
import { tableName } from "./feature-view";
import type { DataSetContext } from "./data-set-context";

/** Keeps the newest rows of the views in Redis too; nothing unless the stack asks for it. */
export function serveOnline(
  context: DataSetContext,
  after: readonly JobEnd[],
): void {
  const { config, platform, team, pool, dataSet } = context.args;
  if (config.online === undefined) return;
  const online = new OnlineStore(
    nameFor("StatefulSet", context.name, "online"),
    {
      platform,
      namespace: team.namespace,
      pool,
      config: config.online,
      image: context.image("redis").ref,
    },
    { parent: context.parent },
  );
  const { keepHours } = config.online;
  const name = context.jobName("sink");
  const account = context.account(name, { featureStore: "read" });
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
            ...context.toolPod("sink", "Always", {
              command: ["python3", "-m", "mlstack_features.sink"],
              args: [
                pulumi.interpolate`--feature-store=${context.uri("featureStore")}`,
                "--online=$(ONLINE_STORE_URL)",
                "--every=10",
                "--repair-every=3600",
                ...(keepHours === undefined
                  ? []
                  : [`--keep-hours=${keepHours}`]),
                ...dataSet.views.map((view) => `--view=${tableName(view)}`),
              ],
              env: [...online.env, ...account.identity.env, ...context.pushEnv],
            }),
            serviceAccountName: account.name,
          },
        },
      },
    },
    {
      ...context.child,
      dependsOn: [...online.ready, ...account.ready, ...after],
    },
  );
}
