import assert from "node:assert/strict";

import { manifests } from "../../components/versions";
import { manifestDirectory } from "../../infra/charts/chart-source";
import type { Recorded, Recording } from "../support/recording-monitor";
import { recordStack } from "../support/stack-program";

const types = {
  chart: "kubernetes:helm.sh/v3:Chart",
  release: "kubernetes:helm.sh/v3:Release",
  inferenceService: "kubernetes:serving.kserve.io/v1beta1:InferenceService",
  kustomization: "kubernetes:kustomize:Directory",
  namespace: "kubernetes:core/v1:Namespace",
  quota: "kubernetes:core/v1:ResourceQuota",
  binding: "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
  profile: "kubernetes:kubeflow.org/v1:Profile",
  notebook: "kubernetes:kubeflow.org/v1:Notebook",
  statefulSet: "kubernetes:apps/v1:StatefulSet",
  policy: "kubernetes:networking.k8s.io/v1:NetworkPolicy",

  limits: "kubernetes:core/v1:LimitRange",
};

const wholeKubeflow = {
  kubeflow: {
    trainingOperator: true,
    notebooks: true,
    profiles: true,
    dashboard: true,
    kserve: true,
  },
  teams: [
    {
      name: "ml",
      owner: "user:ada@example.com",
      quota: { cpu: "16", gpus: 2 },
      members: { edit: ["user:Bob", "group:scientists"] },
    },
    { name: "guests" },
  ],
  workloads: {
    clickstream: { team: "ml", steps: { serving: { enabled: true } } },
    notebooks: [{ name: "ada", idleMinutes: 30 }],
  },
};

const names = (recorded: readonly Recorded[]) =>
  recorded.map(({ name }) => name).sort();

/** The resources of a type whose names stand in what another one waits for. */
function waitsFor(recording: Recording<unknown>, one: Recorded, type: string) {
  return names(
    recording.ofType(type).filter(({ urn }) => one.dependencies.includes(urn)),
  );
}

for (const stack of ["aws", "gcp", "azure"]) {
  describe(`the whole of Kubeflow on ${stack}`, () => {
    let recording: Recording<unknown>;
    before(async () => {
      recording = await recordStack(stack, wholeKubeflow);
    });

    it("comes from every pinned folder of manifests, and Istio from its charts", async () => {
      // Pipelines are for one team alone.
      const { kubeflow, teams } = wholeKubeflow;
      const recording = await recordStack(stack, {
        ...wholeKubeflow,
        kubeflow: { ...kubeflow, pipelines: true },
        teams: teams.slice(0, 1),
      });
      // The class puts its prefix, which is its name, before its name.
      const folders = [
        ...["dashboard", "notebooks", "pipeline-kinds", "pipelines"],
        ...["profiles", "roles"],
      ].map((part) => `kubeflow-${part}`);
      assert.deepEqual(
        names(recording.ofType(types.kustomization)),
        [...folders, "training-operator"].map((name) => `${name}-${name}`),
      );
      for (const pin of Object.values(manifests)) {
        assert.match(manifestDirectory(pin), /\/tree\/v?\d+\.\d+\.\d+\//);
      }
      assert.deepEqual(
        names(recording.ofType(types.release)).filter((name) =>
          name.includes("istio"),
        ),
        ["kubeflow-istio-base", "kubeflow-istio-istiod"],
      );
    });

    it("serves by KServe, from its charts", () => {
      assert.deepEqual(names(recording.ofType(types.chart)), [
        "kserve",
        "kserve-rights",
        "kserve-runtimes",
      ]);
      const kinds = recording.one(types.release, "kserve-kinds");
      assert.equal(
        kinds.inputs["chart"],
        "oci://ghcr.io/kserve/charts/kserve-crd",
      );
      assert.deepEqual(names(recording.ofType(types.inferenceService)), [
        "clickstream-serving",
      ]);
    });

    it("has a Profile for each team, with its quota and its owner, in a namespace that the controller takes over", () => {
      const profiles = recording.ofType(types.profile);
      assert.deepEqual(names(profiles), ["guests", "ml"]);
      assert.deepEqual(recording.ofType(types.quota), []);
      const { spec } = recording.one(types.profile, "ml").inputs as {
        readonly spec: {
          readonly owner: object;
          readonly resourceQuotaSpec: {
            readonly hard: Readonly<Record<string, string>>;
          };
        };
      };
      assert.deepEqual(spec.owner, {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "User",
        name: "ada@example.com",
      });
      const { hard } = spec.resourceQuotaSpec;
      for (const [key, value] of Object.entries({
        "requests.cpu": "16",
        "requests.memory": "32Gi",
        "requests.nvidia.com/gpu": "2",
        "requests.storage": "2Ti",
        pods: "50",
        secrets: "500",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
      }))
        assert.equal(hard[key], value, key);
      for (const [team, owner] of [
        ["ml", "ada@example.com"],
        ["guests", "ml-platform"],
      ]) {
        const { metadata } = recording.one(types.namespace, team).inputs as {
          readonly metadata: {
            readonly annotations: object;
            readonly labels: Readonly<Record<string, string>>;
          };
        };
        assert.deepEqual(metadata.annotations, { owner });
        assert.equal(
          metadata.labels["pod-security.kubernetes.io/enforce"],
          "restricted",
        );
      }
    });

    it("lets no pod of a team start before the controller has made its quota", () => {
      const notebook = recording.one(types.notebook);
      assert.deepEqual(waitsFor(recording, notebook, types.profile), ["ml"]);
      const profile = recording.one(types.profile, "ml");
      assert.deepEqual(waitsFor(recording, profile, types.namespace), ["ml"]);
    });

    it("shows members to the dashboard as contributors", () => {
      // Registered side by side, in no order of their own.
      const bindings = recording
        .ofType(types.binding)
        .filter(({ name }) => name.includes("-clusterrole-"))
        .sort((one, other) => (one.name < other.name ? 1 : -1));
      assert.deepEqual(
        bindings.map(({ inputs }) => {
          const { metadata, roleRef } = inputs as {
            readonly metadata: {
              readonly name: string;
              readonly annotations: object;
            };
            readonly roleRef: { readonly name: string };
          };
          return [metadata.name, metadata.annotations, roleRef.name];
        }),
        [
          [
            "user-bob-clusterrole-edit",
            { user: "Bob", role: "edit" },
            "kubeflow-edit",
          ],
          ["group-scientists-clusterrole-edit", {}, "kubeflow-edit"],
        ],
      );
    });

    it("has notebooks as Notebooks, which the controller may ask whether they are idle", () => {
      assert.deepEqual(names(recording.ofType(types.statefulSet)), []);
      const { metadata, spec } = recording.one(types.notebook).inputs as {
        readonly metadata: {
          readonly labels: Readonly<Record<string, string>>;
        };
        readonly spec: {
          readonly template: {
            readonly spec: {
              readonly serviceAccountName: string;
              readonly containers: readonly {
                readonly name: string;
                readonly command: readonly string[];
                readonly readinessProbe: {
                  readonly httpGet: { readonly path: string };
                };
              }[];
              readonly volumes: readonly object[];
            };
          };
        };
      };
      const { serviceAccountName, containers, volumes } = spec.template.spec;
      const [container] = containers;
      assert.ok(container);
      assert.equal(serviceAccountName, "notebook-ada");
      assert.equal(container.name, "notebook-ada-server");
      const path = "/notebook/ml/notebook-ada-server";
      assert.equal(container.readinessProbe.httpGet.path, `${path}/api`);
      assert.match(container.command.at(-1) ?? "", new RegExp(`=${path}/ `));
      assert.match(container.command.at(-1) ?? "", /cull_idle_timeout=1800/);
      assert.deepEqual(volumes.at(-1), {
        name: "home",
        persistentVolumeClaim: { claimName: "notebook-ada-home" },
      });
      const policy = recording.one(types.policy, "notebook-ada-controller")
        .inputs as {
        readonly spec: {
          readonly podSelector: { readonly matchLabels: object };
        };
      };
      assert.deepEqual(policy.spec.podSelector.matchLabels, {
        "app.kubernetes.io/name": "notebook-ada-server",
      });
      assert.deepEqual(
        metadata.labels["app.kubernetes.io/name"],
        "notebook-ada-server",
      );
    });

    it("keeps what a team has without Kubeflow", () => {
      for (const team of ["ml", "guests"]) {
        recording.one(types.limits, `${team}-limits`);
        recording.one(types.policy, `${team}-network`);
      }
    });
  });
}

describe("a stack without Profiles and Notebooks", () => {
  it("has the same teams and notebooks from Kubernetes' own kinds", async () => {
    const { teams, workloads } = wholeKubeflow;
    const recording = await recordStack("gcp", { teams, workloads });
    assert.deepEqual(recording.ofType(types.profile), []);
    assert.deepEqual(recording.ofType(types.notebook), []);
    assert.deepEqual(names(recording.ofType(types.quota)), [
      "guests-quota",
      "ml-quota",
    ]);
    assert.deepEqual(names(recording.ofType(types.statefulSet)), [
      "notebook-ada",
    ]);
    assert.deepEqual(
      names(recording.ofType(types.binding)).filter((name) =>
        name.includes("-members-"),
      ),
      ["ml-members-admin", "ml-members-edit"],
    );
  });
});
