import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { chartOfRelease } from "../../infra/charts/chart-source";
import type { Platform } from "../../infra/platform";
import { admissionPolicy } from "../admission/policy";
import { sparkApplicationPolicy } from "../admission/spark-applications";
import { submissionPolicy } from "../admission/submissions";
import { ChartKinds } from "../manifests/chart-kinds";
import { restrictedNamespace } from "../guarded-namespace";
import { isolate, toPlatform, webhook } from "../network-policy";
import { metrics } from "../observability/namespace";
import { charts } from "../versions";

/** The Kubeflow Spark operator: SparkApplications and ScheduledSparkApplications in every namespace. */
export class SparkOperator extends pulumi.ComponentResource {
  /** Depend on it to use the operator's kinds. */
  readonly installed: k8s.helm.v3.Release;

  constructor(
    name: string,
    args: { readonly platform: Platform },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:SparkOperator", name, {}, opts);
    const { provider } = args.platform;
    const namespace = restrictedNamespace(name, "spark-operator", {
      parent: this,
      provider,
    });
    isolate(
      name,
      {
        namespace: namespace.metadata.name,
        ingress: [webhook(9443), metrics(8080)],
        egress: toPlatform(args.platform.clusterNetwork),
      },
      { parent: this, provider },
    );
    const kinds = new ChartKinds(
      `${name}-kinds`,
      { pin: charts.sparkOperator, platform: args.platform },
      { parent: this },
    );
    this.installed = new k8s.helm.v3.Release(
      name,
      {
        name: "spark-operator",
        ...chartOfRelease(charts.sparkOperator),
        namespace: namespace.metadata.name,
        atomic: true,
        skipCrds: true,
        timeout: 300,
        values,
      },
      { parent: this, provider, dependsOn: kinds },
    );
    admissionPolicy("submissions", submissionPolicy, {
      parent: this,
      provider,
    });
    admissionPolicy("spark-applications", sparkApplicationPolicy, {
      parent: this,
      provider,
    });
    this.registerOutputs();
  }
}

const values = {
  spark: {
    // The empty name means every namespace, so that a new team does not change the release.
    jobNamespaces: [""],
    // Service accounts belong to teams, which bind them to identities of the object store.
    serviceAccount: { create: false },
    rbac: { create: false },
  },
  controller: {
    // A submission is a JVM of its own inside this pod: without a CPU limit it starts 3 to 4 times faster.
    resources: {
      requests: { cpu: "100m", memory: "300Mi" },
      limits: { memory: "2Gi" },
    },
    uiService: { enable: true },
  },
  webhook: {
    // Only the leader writes the CA into the webhooks, and every replica has the same one from a secret. With an
    // election, a release that is installed again is ready up to 19 s before the old pod's lease ends: until then each
    // job is refused with "certificate signed by unknown authority".
    leaderElection: { enable: false },
    resources: {
      requests: { cpu: "20m", memory: "64Mi" },
      limits: { memory: "256Mi" },
    },
  },
};
