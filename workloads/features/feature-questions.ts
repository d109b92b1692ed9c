import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { nameFor } from "../../infra/name-limits";
import type { Ground } from "./ground";
import { commandLabel } from "./labels";

/** A suspended CronJob, of which `npm run features` makes Jobs: it has the image, the account and the place. */
export function answerQuestions(ground: Ground): void {
  const name = nameFor("CronJob", ground.name, "features");
  const account = ground.account(name, {
    featureStore: "read",
    models: "read",
  });
  new k8s.batch.v1.CronJob(
    name,
    {
      metadata: {
        name,
        namespace: ground.args.team.namespace,
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
                ...ground.toolPod("features", "Never", {
                  command: ["python3", "-m", "mlstack_features.cli"],
                  args: [
                    pulumi.interpolate`--feature-store=${ground.uri("featureStore")}`,
                    pulumi.interpolate`--models=${ground.uri("models")}`,
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
    { ...ground.child, dependsOn: [...account.ready] },
  );
}
