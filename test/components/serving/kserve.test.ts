import assert from "node:assert/strict";

import * as k8s from "@pulumi/kubernetes";

import { KServe } from "../../../components/serving/kserve";
import { manifestReader } from "../../../components/manifests/kustomization";
import type { Platform } from "../../../infra/platform";
import { record } from "../../support/recording-monitor";
import { clusterNetwork } from "../../support/cluster-network";

const object = (apiVersion: string, kind: string, name: string, spec = {}) => ({
  apiVersion,
  kind,
  metadata: { name, namespace: "kserve" },
  spec,
});

/** Objects of the chart that the component changes. */
const rendered = [
  object("apps/v1", "Deployment", "kserve-controller-manager", {
    template: {
      spec: {
        containers: [
          { name: "kube-rbac-proxy", image: "proxy" },
          { name: "manager", image: "kserve/kserve-controller:v0.15.2" },
        ],
      },
    },
  }),
  object("v1", "ConfigMap", "inferenceservice-config"),
  object("v1", "Service", "kserve-controller-manager-service"),
  object("v1", "Service", "kserve-webhook-server-service"),
  object(
    "serving.kserve.io/v1alpha1",
    "ClusterServingRuntime",
    "kserve-sklearnserver",
  ),
];

async function register(source?: string) {
  const asked: Readonly<Record<string, unknown>>[] = [];
  const recording = await record(
    () => {
      const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
      const platform = { provider, clusterNetwork } as unknown as Platform;
      const certManager = new k8s.core.v1.ConfigMap("cert-manager", {});
      const reader = manifestReader("manifests", {});
      return new KServe("kserve", { platform, reader, certManager, source });
    },
    {
      calls: {
        "kubernetes:helm:template": ({ jsonOpts }) => {
          const options = JSON.parse(String(jsonOpts)) as Record<
            string,
            unknown
          >;
          asked.push(options);
          return { result: rendered };
        },
      },
    },
  );
  return { recording, asked };
}

const releaseType = "kubernetes:helm.sh/v3:Release";

/** Distinct values of the charts' arguments. */
const charts = (
  asked: readonly Readonly<Record<string, unknown>>[],
  ...keys: readonly string[]
) => [...new Set(asked.map((each) => keys.map((key) => each[key]).join(" ")))];

const nameOf = (urn: string) => urn.split("::").at(-1);

describe("KServe", () => {
  it("comes from the public registry, at its pin", async () => {
    const { recording, asked } = await register();
    const { chart, version } = recording.one(releaseType).inputs;
    assert.deepEqual(
      [`${chart} ${version}`, ...charts(asked, "chart", "version")],
      [
        "oci://ghcr.io/kserve/charts/kserve-crd v0.15.2",
        "oci://ghcr.io/kserve/charts/kserve v0.15.2",
      ],
    );
  });

  it("comes from a mirror where the stack names one", async () => {
    const { recording, asked } = await register("/mirror/");
    const { chart } = recording.one(releaseType).inputs;
    assert.deepEqual(
      [chart, ...charts(asked, "path")],
      ["/mirror/kserve-crd-v0.15.2.tgz", "/mirror/kserve-v0.15.2.tgz"],
    );
  });

  it("makes everything in the order in which it works, and each object once", async () => {
    const { recording } = await register();
    const runtime = recording.one(
      "kubernetes:serving.kserve.io/v1alpha1:ClusterServingRuntime",
    );
    assert.ok(
      runtime.dependencies
        .map(nameOf)
        .includes("kserve/kserve-controller-manager"),
    );
    const controller = recording.one("kubernetes:apps/v1:Deployment");
    assert.deepEqual(controller.dependencies.map(nameOf), [
      "kserve/inferenceservice-config",
    ]);
    const configuration = recording.one(
      "kubernetes:core/v1:ConfigMap",
      "kserve/inferenceservice-config",
    );
    for (const before of ["kserve-kinds", "cert-manager"])
      assert.ok(
        configuration.dependencies.map(nameOf).includes(before),
        before,
      );
    assert.deepEqual(
      recording.ofType("kubernetes:core/v1:Service").map(({ name }) => name),
      ["kserve/kserve-webhook-server-service"],
    );
  });

  it("runs the controller restricted and without the proxy", async () => {
    const { recording } = await register();
    const { spec } = (
      recording.one("kubernetes:apps/v1:Deployment").inputs["spec"] as {
        readonly template: {
          readonly spec: {
            readonly securityContext: object;
            readonly containers: readonly { readonly name: string }[];
          };
        };
      }
    ).template;
    assert.deepEqual(
      spec.containers.map(({ name }) => name),
      ["manager"],
    );
    assert.deepEqual(spec.securityContext, {
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
  });

  it("goes to the stack's cluster, and not where it is read", async () => {
    const { recording } = await register();
    const placed = recording.custom.filter(({ type }) =>
      type.startsWith("kubernetes:"),
    );
    assert.ok(placed.length > 4);
    assert.deepEqual(
      placed.filter(({ provider }) => /kserve-charts/.test(provider)),
      [],
    );
  });
});
