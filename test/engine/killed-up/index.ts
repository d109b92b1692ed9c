import { readFileSync } from "node:fs";

import * as k8s from "@pulumi/kubernetes";

/** A deployment with a reference that the API server completes, which becomes ready nowhere: the cluster has no nodes. */
const kubeconfig = readFileSync(process.env["KUBECONFIG"] ?? "", "utf8");
const provider = new k8s.Provider("cluster", { kubeconfig });
const labels = { app: "web" };

new k8s.apps.v1.Deployment(
  "web",
  {
    metadata: {
      name: "web",
      namespace: "default",
      ...(process.env["WAIT"] === "no" && {
        annotations: { "pulumi.com/skipAwait": "true" },
      }),
      ...(process.env["LABEL"] === "yes" && { labels }),
    },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: "web",
              image: "example",
              env: [
                {
                  name: "HOST",
                  valueFrom: { fieldRef: { fieldPath: "status.hostIP" } },
                },
              ],
            },
          ],
        },
      },
    },
  },
  { provider },
);
