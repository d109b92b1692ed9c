import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

import { readOnlySecurity, processSecurity } from "../pods/restricted-pod";
import { images } from "../versions";
import { clusterReader } from "./cluster-reader";
import { nodeLabelsAllowlist } from "./cost-rules";
import { podService } from "../pods/pod-service";

/** Port of its metrics of the cluster. */
export const kubeStateMetricsPort = 8080;

const name = "kube-state-metrics";
const labels = { "app.kubernetes.io/name": name };

/** Kinds whose objects it exports metrics of, by API group. */
const watched = {
  "": ["nodes", "pods", "resourcequotas"],
  batch: ["jobs", "cronjobs"],
} as const;

/**
 * Additional metrics from SparkApplications: per application, one series for each state; the current state's is 1.
 * @see https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/extend/customresourcestate-metrics.md
 */
export const sparkApplicationState = {
  kind: "CustomResourceStateMetrics",
  spec: {
    resources: [
      {
        groupVersionKind: {
          group: "sparkoperator.k8s.io",
          version: "v1beta2",
          kind: "SparkApplication",
        },
        metricNamePrefix: "spark_application",
        labelsFromPath: {
          name: ["metadata", "name"],
          namespace: ["metadata", "namespace"],
        },
        metrics: [
          {
            name: "state",
            help: "Whether a SparkApplication is in a state.",
            each: {
              type: "StateSet",
              stateSet: {
                labelName: "state",
                path: ["status", "applicationState", "state"],
                list: [
                  "SUBMITTED",
                  "RUNNING",
                  "SUCCEEDING",
                  "COMPLETED",
                  "FAILING",
                  "FAILED",
                  "SUBMISSION_FAILED",
                  "PENDING_RERUN",
                  "SUSPENDED",
                ],
              },
            },
          },
        ],
      },
    ],
  },
};

/** Rights that reading them takes, beside those on Kubernetes' own kinds. */
export const sparkApplicationRules: k8s.types.input.rbac.v1.PolicyRule[] = [
  {
    apiGroups: ["sparkoperator.k8s.io"],
    resources: ["sparkapplications"],
    verbs: ["list", "watch"],
  },
  {
    apiGroups: ["apiextensions.k8s.io"],
    resources: ["customresourcedefinitions"],
    verbs: ["list", "watch"],
  },
];

/** kube-state-metrics: what the cluster's objects say, as metrics. */
export function kubeStateMetrics(
  namespace: pulumi.Output<string>,
  opts: pulumi.CustomResourceOptions,
): void {
  const metadata = { name, namespace, labels };
  const reader = clusterReader(
    name,
    namespace,
    [
      ...Object.entries(watched).map(([group, resources]) => ({
        apiGroups: [group],
        resources: [...resources],
        verbs: ["list", "watch"],
      })),
      ...sparkApplicationRules,
    ],
    opts,
  );
  podService(
    name,
    {
      metadata,
      selector: labels,
      ports: [{ name: "http", port: kubeStateMetricsPort }],
    },
    opts,
  );
  new k8s.apps.v1.Deployment(
    name,
    {
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { serviceAccountName: reader, ...pod },
        },
      },
    },
    opts,
  );
}

const pod: k8s.types.input.core.v1.PodSpec = {
  enableServiceLinks: false,
  securityContext: processSecurity(65534),
  containers: [
    {
      name,
      image: images.kubeStateMetrics,
      args: [
        `--port=${kubeStateMetricsPort}`,
        `--resources=${Object.values(watched).flat().join()}`,
        `--metric-labels-allowlist=${nodeLabelsAllowlist}`,
        `--custom-resource-state-config=${stringify(sparkApplicationState)}`,
      ],
      ports: [
        { name: "http", containerPort: kubeStateMetricsPort },
        { name: "telemetry", containerPort: 8081 },
      ],
      readinessProbe: {
        httpGet: { path: "/readyz", port: "telemetry" },
        periodSeconds: 2,
      },
      resources: {
        requests: { cpu: "10m", memory: "64Mi" },
        limits: { memory: "256Mi" },
      },
      securityContext: readOnlySecurity,
    },
  ],
};
