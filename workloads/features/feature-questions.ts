import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { nameFor } from "../../infra/names/name-limits";
import type { DataSetContext } from "./data-set-context";
import { commandLabel } from "./labels";

/** A suspended CronJob, of which `npm run features` makes Jobs: it has the image, the account and the place. */
export function answerQuestions(context: DataSetContext): void {
  const name = nameFor("CronJob", context.name, "features");
  const account = context.account(name, {
    featureStore: "read",
    models: "read",
  });
  new k8s.batch.v1.CronJob(
    name,
    {
      metadata: {
        name,
        namespace: context.args.team.namespace,
        labels: { [commandLabel]: "questions" },
      },
      spec: {
        schedule: "@yearly",
        suspend: true,
        jobTemplate: {
          spec: {
            backoffLimit: 0,
            ttlSecondsAfterFinished: 600,
            template: {
              metadata: { labels: account.identity.podLabels },
              spec: {
                ...context.toolPod("features", "Never", {
                  command: ["python3", "-m", "mlstack_features.cli"],
                  args: [
                    pulumi.interpolate`--feature-store=${context.uri("featureStore")}`,
                    pulumi.interpolate`--models=${context.uri("models")}`,
                  ],
                  env: [...account.identity.env],
                }),
                serviceAccountName: account.name,
              },
            },
          },
        },
      },
    },
    { ...context.child, dependsOn: [...account.ready] },
  );
}
