import assert from "node:assert/strict";

import * as k8s from "@pulumi/kubernetes";

import { WebService } from "../../../components/serving/web-service";
import { Team } from "../../../components/teams/team";
import type { PlacedPool, Platform } from "../../../infra/platform";
import { record, valueOf } from "../../support/recording-monitor";
import { clusterNetwork } from "../../support/cluster-network";

const placement: PlacedPool["placement"] = {
  nodeSelector: { "mlstack.dev/pool": "cpu" },
  tolerations: [{ key: "only", operator: "Exists", effect: "NoSchedule" }],
};

function register({ withKServe = false, replicas = 1 } = {}) {
  return record(() => {
    const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
    const pool = { name: "cpu", min: 1, max: 1, spot: false, placement };
    const identity = {
      annotations: {},
      podLabels: { "identity.example/use": "true" },
      env: [{ name: "AWS_ENDPOINT_URL", value: "http://store" }],
      hadoopConf: {},
      ready: [],
    };
    // Fields of the platform that the server uses.
    const platform = {
      provider,
      clusterNetwork,
      pools: [pool],
      identity: () => identity,
    } as unknown as Platform;
    const team = new Team("ml", {
      platform,
      quota: { cpu: "8", memory: "32Gi", gpus: 0, pods: 50 },
    });
    return new WebService("best", {
      platform,
      team,
      pool,
      account: team.account("best", [], "none"),
      image: "registry/serving:1",
      arguments: ["--models=s3://models"],
      size: { replicas, cpu: "250m", memory: "512Mi", gpus: 0 },
      user: 185,
      port: 8080,
      health: "/healthz",
      timeoutSeconds: 300,
      kserve: withKServe
        ? [new k8s.core.v1.ConfigMap("kserve", {}, { provider })]
        : undefined,
    });
  });
}

type PodSpec = k8s.types.input.core.v1.PodSpec;

const inferenceType = "kubernetes:serving.kserve.io/v1beta1:InferenceService";
const deploymentType = "kubernetes:apps/v1:Deployment";

/** Pod specification without the container's name, which depends on who creates the pod. */
function withoutName({ containers, ...spec }: PodSpec): object {
  const [container, ...others] = containers as unknown as readonly object[];
  return { ...spec, containers: [{ ...container, name: "" }, ...others] };
}

describe("WebService", () => {
  it("is an InferenceService with the pod of the Deployment that stands elsewhere", async () => {
    const deployed = await register();
    const served = await register({ withKServe: true });
    const deployment = deployed.one(deploymentType).inputs["spec"] as {
      readonly replicas: number;
      readonly strategy: object;
      readonly template: {
        readonly metadata: { readonly labels: object };
        readonly spec: PodSpec;
      };
    };
    const { predictor } = served.one(inferenceType).inputs["spec"] as {
      readonly predictor: PodSpec & {
        readonly labels: object;
        readonly minReplicas: number;
        readonly maxReplicas: number;
        readonly deploymentStrategy: object;
      };
    };
    const { labels, minReplicas, maxReplicas, deploymentStrategy, ...pod } =
      predictor;
    assert.deepEqual(withoutName(pod), withoutName(deployment.template.spec));
    assert.deepEqual(labels, deployment.template.metadata.labels);
    assert.deepEqual(deploymentStrategy, deployment.strategy);
    assert.deepEqual(
      [minReplicas, maxReplicas],
      [deployment.replicas, deployment.replicas],
    );
    assert.deepEqual(served.ofType(deploymentType), []);
    assert.deepEqual(deployed.ofType(inferenceType), []);
  });

  it("declares nothing empty, which KServe's webhook would drop", async () => {
    const { inputs } = (await register({ withKServe: true })).one(
      inferenceType,
    );
    const empty = (value: unknown, path: string): string[] =>
      typeof value !== "object" || value === null
        ? []
        : Object.keys(value).length === 0
          ? [path]
          : Object.entries(value).flatMap(([key, item]) =>
              empty(item, `${path}.${key}`),
            );
    assert.deepEqual(empty(inputs["spec"], "spec"), []);
  });

  it("says where each of them answers", async () => {
    const deployed = await register();
    const served = await register({ withKServe: true });
    assert.equal(await valueOf(deployed.result.url), "http://best.ml.svc");
    assert.equal(
      await valueOf(served.result.url),
      "http://best-predictor.ml.svc",
    );
  });

  it("waits for KServe, and until it answers", async () => {
    const served = (await register({ withKServe: true })).one(inferenceType);
    const { annotations } = served.inputs["metadata"] as {
      readonly annotations: Readonly<Record<string, string>>;
    };
    assert.equal(annotations["pulumi.com/waitFor"], "condition=Ready");
    assert.ok(
      served.dependencies.some((urn) => urn.endsWith("ConfigMap::kserve")),
      served.dependencies.join(),
    );
  });

  it("runs restricted, on its pool and as its account", async () => {
    const { predictor } = (await register({ withKServe: true })).one(
      inferenceType,
    ).inputs["spec"] as { readonly predictor: PodSpec };
    const { nodeSelector, tolerations, serviceAccountName } = predictor;
    assert.deepEqual({ nodeSelector, tolerations }, placement);
    assert.equal(serviceAccountName, "best");
    const [container] = predictor.containers as unknown as readonly {
      readonly securityContext: object;
      readonly resources: object;
    }[];
    assert.deepEqual(container?.securityContext, {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    });
    assert.deepEqual(container.resources, {
      requests: { cpu: "250m", memory: "512Mi" },
      limits: { memory: "512Mi" },
    });
  });

  it("keeps all but one of several replicas", async () => {
    for (const withKServe of [false, true]) {
      const recording = await register({ withKServe, replicas: 2 });
      const budget = recording.one("kubernetes:policy/v1:PodDisruptionBudget");
      assert.deepEqual(budget.inputs["spec"], {
        maxUnavailable: 1,
        selector: { matchLabels: { "app.kubernetes.io/name": "best" } },
      });
    }
  });
});
