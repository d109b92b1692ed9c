import * as k8s from "@pulumi/kubernetes";
import type { apps, core } from "@pulumi/kubernetes/types/input";
import * as pulumi from "@pulumi/pulumi";

/** One small program for each scenario of facts.json; the stack's config says which, and at which step. */
const config = new pulumi.Config();
const step = config.requireNumber("step");

const namespace = "facts";
/** The one image that every node has. */
const image = "registry.k8s.io/pause:3.10.1";
const skipAwait = { "pulumi.com/skipAwait": "true" };
const timeout = (seconds: number): Record<string, string> => ({
  "pulumi.com/timeoutSeconds": String(seconds),
});

const pod = (
  container: Partial<core.v1.Container> = {},
  extra: Partial<core.v1.PodSpec> = {},
): core.v1.PodSpec => ({
  terminationGracePeriodSeconds: 1,
  containers: [{ name: "c", image, imagePullPolicy: "Never", ...container }],
  ...extra,
});

const deployment = (
  app: string,
  container: Partial<core.v1.Container> = {},
): apps.v1.DeploymentSpec => ({
  replicas: 1,
  selector: { matchLabels: { app } },
  template: { metadata: { labels: { app } }, spec: pod(container) },
  progressDeadlineSeconds: 5,
});

/** Adds properties that the types do not allow, as a program that is not checked may have them. */
const unchecked = <T extends object>(args: T, extra: object): T =>
  Object.assign(args, extra);

const env = [{ name: "V", value: String(step) }];

const scenarios: Record<string, () => void> = {
  "configmap-autoname-data": () => {
    new k8s.core.v1.ConfigMap("cfg", {
      metadata: { namespace },
      data: { a: String(step) },
    });
  },
  "configmap-named-data": () => {
    new k8s.core.v1.ConfigMap("cfg", {
      metadata: { namespace, name: "cfg" },
      data: { a: String(step) },
    });
  },
  "configmap-labels": () => {
    new k8s.core.v1.ConfigMap("cfg", {
      metadata: { namespace, labels: { v: String(step) } },
      data: { a: "1" },
    });
  },
  "secret-stringdata": () => {
    new k8s.core.v1.Secret("sec", {
      metadata: { namespace },
      stringData: { a: pulumi.secret(`v${step}`) },
    });
  },
  "namespace-rename": () => {
    new k8s.core.v1.Namespace("n", { metadata: { name: `facts-n${step}` } });
  },
  "deployment-replicas": () => {
    new k8s.apps.v1.Deployment("d", {
      metadata: { namespace },
      spec: { ...deployment("a"), replicas: step },
    });
  },
  "deployment-selector": () => {
    new k8s.apps.v1.Deployment("d", {
      metadata: { namespace, name: "d" },
      spec: deployment(`a${step}`),
    });
  },
  "deployment-never-ready": () => {
    const container = step === 1 ? { image: "registry.k8s.io/absent:1" } : {};
    new k8s.apps.v1.Deployment("d", {
      metadata: { namespace, name: "d", annotations: timeout(12) },
      spec: deployment("a", container),
    });
  },
  "deployment-skipawait": () => {
    new k8s.apps.v1.Deployment("d", {
      metadata: { namespace, annotations: skipAwait },
      spec: deployment("a", { image: "registry.k8s.io/absent:1" }),
    });
  },
  "job-template": () => {
    new k8s.batch.v1.Job("j", {
      metadata: { namespace, annotations: skipAwait },
      spec: {
        backoffLimit: 0,
        template: { spec: pod({ env }, { restartPolicy: "Never" }) },
      },
    });
  },
  "job-failing": () => {
    new k8s.batch.v1.Job("j", {
      metadata: { namespace, annotations: timeout(20) },
      spec: {
        backoffLimit: 0,
        template: {
          spec: pod({ command: ["/absent"] }, { restartPolicy: "Never" }),
        },
      },
    });
  },
  "pod-env": () => {
    new k8s.core.v1.Pod("p", { metadata: { namespace }, spec: pod({ env }) });
  },
  "service-no-endpoints": () => {
    new k8s.core.v1.Service("s", {
      metadata: { namespace, annotations: timeout(5) },
      spec: { selector: { app: "nobody" }, ports: [{ port: 80 }] },
    });
  },
  "service-port": () => {
    const pods = new k8s.apps.v1.Deployment("d", {
      metadata: { namespace },
      spec: deployment("a"),
    });
    new k8s.core.v1.Service(
      "s",
      {
        metadata: { namespace, name: "s" },
        spec: {
          selector: { app: "a" },
          ports: [{ port: 80 + step, targetPort: 80 }],
        },
      },
      { dependsOn: [pods] },
    );
  },
  "pvc-size": () => {
    new k8s.core.v1.PersistentVolumeClaim("c", {
      metadata: { namespace, annotations: skipAwait },
      spec: {
        storageClassName: step < 3 ? "x" : "y",
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: `${step}Gi` } },
      },
    });
  },
  "crd-and-cr": () => {
    const definition = new k8s.apiextensions.v1.CustomResourceDefinition(
      "crd",
      {
        metadata: { name: "widgets.facts.dev" },
        spec: {
          group: "facts.dev",
          scope: "Namespaced",
          names: { plural: "widgets", singular: "widget", kind: "Widget" },
          versions: [
            {
              name: "v1",
              served: true,
              storage: true,
              subresources: { status: {} },
              schema: {
                openAPIV3Schema: {
                  type: "object",
                  properties: {
                    spec: {
                      type: "object",
                      properties: { size: { type: "integer" } },
                    },
                    status: unchecked(
                      { type: "object" },
                      { "x-kubernetes-preserve-unknown-fields": true },
                    ),
                  },
                },
              },
            },
          ],
        },
      },
    );
    new k8s.apiextensions.CustomResource(
      "w",
      {
        apiVersion: "facts.dev/v1",
        kind: "Widget",
        metadata: { namespace, name: "w" },
        spec: { size: step },
      },
      { dependsOn: [definition] },
    );
  },
  "cr-schema-violation": () => {
    new k8s.apiextensions.CustomResource("w", {
      apiVersion: "sparkoperator.k8s.io/v1beta2",
      kind: "SparkApplication",
      metadata: { namespace, name: "w" },
      spec: {
        type: "Cobol",
        mode: "cluster",
        sparkVersion: "3.5.7",
        driver: {},
        executor: { instances: "two" },
      },
    });
  },
  "cr-unknown-kind": () => {
    new k8s.apiextensions.CustomResource("w", {
      apiVersion: "nowhere.dev/v1",
      kind: "Nothing",
      metadata: { namespace, name: "w" },
    });
  },
  "cr-waitfor-timeout": () => {
    new k8s.core.v1.ConfigMap("w", {
      metadata: {
        namespace,
        name: "w",
        annotations: {
          "pulumi.com/waitFor": "jsonpath={.data.ready}=yes",
          ...timeout(6),
        },
      },
      data: { ready: "no" },
    });
  },
  "cr-waitfor-ok": () => {
    new k8s.core.v1.ConfigMap("w", {
      metadata: {
        namespace,
        name: "w",
        annotations: { "pulumi.com/waitFor": "jsonpath={.data.ready}=yes" },
      },
      data: { ready: "yes" },
    });
  },
  "exists-already": () => {
    new k8s.core.v1.ConfigMap("w", {
      metadata: { namespace, name: "preexisting" },
      data: { a: "pulumi" },
    });
  },
  "namespace-missing": () => {
    new k8s.core.v1.ConfigMap("w", {
      metadata: { namespace: "no-such-ns", name: "w" },
    });
  },
  "typo-field": () => {
    new k8s.core.v1.ConfigMap(
      "w",
      unchecked({ metadata: { namespace, name: "w" } }, { dta: { a: "1" } }),
    );
  },
  "wrong-type": () => {
    new k8s.apps.v1.Deployment("d", {
      metadata: { namespace, name: "d" },
      spec: unchecked(deployment("a"), { replicas: "many" }),
    });
  },
  release: () => {
    new k8s.helm.v3.Release("so", {
      chart: "./so-chart",
      namespace,
      skipAwait: true,
      values: { webhook: { enable: false }, controller: { replicas: step } },
    });
  },
  "release-bad-chart": () => {
    new k8s.helm.v3.Release("so", { chart: "./absent-chart", namespace });
  },
  "configgroup-v1": () => {
    new k8s.yaml.ConfigGroup("y", {
      yaml: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ${namespace}}\ndata: {x: "${step}"}\n`,
    });
  },
  "kustomize-v1": () => {
    new k8s.kustomize.Directory("y", { directory: "./kz" });
  },
};

scenarios[config.require("scenario")]?.();
