import assert from "node:assert/strict";

import { at } from "../../infra/policy-facts";
import type { Recording } from "../support/recording-monitor";
import { recordStack } from "../support/stack-program";

/** Settings of the cluster autoscaler, in its own words. */
interface Autoscaler {
  readonly unneeded: unknown;
  readonly afterAdd: unknown;
  readonly skipsLocalStorage: unknown;
}

/** Where each cloud has them. */
const settings: Readonly<
  Record<string, (recording: Recording<unknown>) => Autoscaler>
> = {
  aws(recording) {
    const values = recording.one(
      "kubernetes:helm.sh/v3:Release",
      "aws-autoscaler-release",
    ).inputs["values"];
    const argument = (name: string) => at(values, "extraArgs", name);
    return {
      unneeded: argument("scale-down-unneeded-time"),
      afterAdd: argument("scale-down-delay-after-add"),
      skipsLocalStorage: argument("skip-nodes-with-local-storage"),
    };
  },
  azure(recording) {
    const profile = recording.one(
      "azure-native:containerservice:ManagedCluster",
    ).inputs["autoScalerProfile"];
    return {
      unneeded: at(profile, "scaleDownUnneededTime"),
      afterAdd: at(profile, "scaleDownDelayAfterAdd"),
      skipsLocalStorage: at(profile, "skipNodesWithLocalStorage") !== "false",
    };
  },
  scaleway(recording) {
    const config = recording.one("scaleway:kubernetes/cluster:Cluster").inputs[
      "autoscalerConfig"
    ];
    return {
      unneeded: at(config, "scaleDownUnneededTime"),
      afterAdd: at(config, "scaleDownDelayAfterAdd"),
      skipsLocalStorage: at(config, "skipNodesWithLocalStorage"),
    };
  },
};

// The autoscaler waits for ten minutes of each unless it is told otherwise, which an hour's job pays for.
describe("a node that nobody needs", () => {
  for (const [stack, read] of Object.entries(settings)) {
    it(`goes after two minutes on ${stack}, whatever volumes of their node its pods have`, async () => {
      assert.deepEqual(read(await recordStack(stack)), {
        unneeded: "2m",
        afterAdd: "2m",
        skipsLocalStorage: false,
      });
    });
  }

  it("goes as soon as GKE lets it on gcp, which has a profile and no times", async () => {
    const { inputs } = (await recordStack("gcp")).one(
      "gcp:container/cluster:Cluster",
    );
    const profile = at(inputs, "clusterAutoscaling", "autoscalingProfile");
    assert.equal(profile, "OPTIMIZE_UTILIZATION");
  });

  it("stays while a run is on it that would be restarted elsewhere", async () => {
    const { resources } = await recordStack("aws", {
      workloads: { clickstream: { steps: { pipeline: { enabled: true } } } },
    });
    const runs = resources.filter(
      ({ type, name }) =>
        type === "kubernetes:batch/v1:Job" && name.startsWith("clickstream-"),
    );
    assert.deepEqual(
      runs.map(({ name, inputs }) => [
        name,
        at(
          inputs,
          ...["spec", "template", "metadata", "annotations"],
          "cluster-autoscaler.kubernetes.io/safe-to-evict",
        ),
      ]),
      [["clickstream-pipeline", "false"]],
    );
  });
});
