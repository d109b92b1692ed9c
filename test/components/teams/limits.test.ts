import assert from "node:assert/strict";

import * as k8s from "@pulumi/kubernetes";

import { Team } from "../../../components/teams/team";
import { amount } from "../../../infra/quantity";
import type { Platform } from "../../../infra/platform";
import { record } from "../../support/recording-monitor";
import { clusterNetwork } from "../../support/cluster-network";

describe("limits of a team's namespace", () => {
  it("admit every container whose request fits the quota, whether it names a limit or not", async () => {
    const recording = await record(() => {
      const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
      const platform = { provider, clusterNetwork } as unknown as Platform;
      const quota = { cpu: "8", memory: "4Gi", gpus: 0, pods: 9 };
      return new Team("ml", { platform, quota });
    });
    const { spec } = recording.one("kubernetes:core/v1:LimitRange").inputs as {
      readonly spec: {
        readonly limits: readonly {
          readonly default?: { readonly memory?: string };
          readonly defaultRequest: { readonly memory: string };
        }[];
      };
    };
    const quota = recording.one("kubernetes:core/v1:ResourceQuota").inputs as {
      readonly spec: { readonly hard: Readonly<Record<string, string>> };
    };
    const [limits] = spec.limits;
    const limit = amount(limits?.default?.memory ?? "1Ei");
    // As the admission of a LimitRange has it: a container that names no limit gets the default one.
    for (const request of ["128Mi", "1Gi", "3Gi", "4Gi"])
      assert.ok(amount(request) <= limit, request);
    assert.ok(amount(limits?.defaultRequest.memory ?? "0") <= limit);
    // Nor may limits that nobody chose use the quota up.
    assert.deepEqual(
      Object.keys(quota.spec.hard).filter((key) => key.startsWith("limits.")),
      [],
    );
    // Nor may a member publish a service around the network policy.
    for (const kind of ["loadbalancers", "nodeports"])
      assert.equal(quota.spec.hard[`services.${kind}`], "0");
  });

  it("count the objects of every kind of Kubernetes' own that the role edit lets members make", async () => {
    const recording = await record(() => {
      const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
      const platform = { provider, clusterNetwork } as unknown as Platform;
      const quota = { cpu: "8", memory: "4Gi", gpus: 0, pods: 9 };
      return new Team("ml", {
        platform,
        quota: { ...quota, objects: 70, storage: "3Gi" },
      });
    });
    const { spec } = recording.one("kubernetes:core/v1:ResourceQuota")
      .inputs as {
      readonly spec: { readonly hard: Readonly<Record<string, string>> };
    };
    // `create` of the ClusterRole `edit`, as kube-apiserver 1.35 makes it (bootstrappolicy/policy.go).
    for (const kind of [
      ...["secrets", "configmaps", "services", "persistentvolumeclaims"],
      ...["replicationcontrollers", "count/serviceaccounts"],
      ...["count/deployments.apps", "count/replicasets.apps"],
      ...["count/statefulsets.apps", "count/daemonsets.apps"],
      ...["count/jobs.batch", "count/cronjobs.batch"],
      ...["count/horizontalpodautoscalers.autoscaling"],
      ...["count/poddisruptionbudgets.policy"],
      ...["count/ingresses.networking.k8s.io"],
      ...["count/leases.coordination.k8s.io"],
    ])
      assert.equal(spec.hard[kind], "70", kind);
    assert.equal(spec.hard["requests.storage"], "3Gi");
    assert.equal(spec.hard["requests.ephemeral-storage"], "1Ti");
  });
});
