import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { images } from "../versions";
import { region } from "./embedded-address";
import { containerSecurityContext, podSecurityContext } from "./embedded-pod";

/** Label of the job's pods. */
export const expiryLabels = { app: "versitygw-expiry" };

/**
 * Every night, removes old versions, and uploads that were not finished, once they are as old as their bucket's tag says:
 * versitygw does not implement lifecycle rules.
 */
export function expiryJob(
  name: string,
  args: {
    readonly namespace: pulumi.Input<string>;
    readonly endpoint: pulumi.Input<string>;
    /** Name of the secret with the administrator's key pair. */
    readonly rootSecret: pulumi.Input<string>;
  },
  opts: pulumi.CustomResourceOptions,
): void {
  const script = new k8s.core.v1.ConfigMap(
    name,
    {
      metadata: { namespace: args.namespace },
      data: {
        "expire.py": readFileSync(join(__dirname, "expire.py"), "utf8"),
      },
    },
    opts,
  );
  new k8s.batch.v1.CronJob(
    name,
    {
      metadata: { name: "versitygw-expiry", namespace: args.namespace },
      spec: {
        schedule: "17 3 * * *",
        concurrencyPolicy: "Forbid",
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          spec: {
            backoffLimit: 2,
            activeDeadlineSeconds: 6 * 3600,
            template: {
              metadata: { labels: expiryLabels },
              spec: {
                restartPolicy: "Never",
                automountServiceAccountToken: false,
                enableServiceLinks: false,
                securityContext: podSecurityContext,
                containers: [container(args.endpoint, args.rootSecret)],
                volumes: [
                  {
                    name: "script",
                    configMap: { name: script.metadata.name },
                  },
                ],
              },
            },
          },
        },
      },
    },
    opts,
  );
}

function container(
  endpoint: pulumi.Input<string>,
  rootSecret: pulumi.Input<string>,
): k8s.types.input.core.v1.Container {
  return {
    name: "expire",
    image: images.python,
    command: ["python3", "/etc/expiry/expire.py"],
    env: [
      { name: "AWS_ENDPOINT_URL", value: endpoint },
      { name: "AWS_REGION", value: region },
    ],
    envFrom: [{ secretRef: { name: rootSecret } }],
    resources: {
      requests: { cpu: "25m", memory: "32Mi" },
      limits: { memory: "512Mi" },
    },
    securityContext: containerSecurityContext,
    volumeMounts: [
      { name: "script", mountPath: "/etc/expiry", readOnly: true },
    ],
  };
}
