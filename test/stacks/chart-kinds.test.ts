import assert from "node:assert/strict";

import { charts } from "../../components/versions";
import { recordStack } from "../support/stack-program";

/** Charts that a stack runs and that have no folder `crds`: their definitions, if any, are templates, which Helm upgrades. */
const withoutFolder: readonly string[] = [
  charts.certManager.chart,
  charts.istioBase.chart,
  charts.istiod.chart,
  charts.kserve.chart,
  charts.kserveKinds.chart,
  charts.pushgateway.chart,
  "cluster-autoscaler",
  "nvidia-device-plugin",
];

/** Name of a chart, whether a release takes it from a repository, a registry or a mirror. */
const chartOf = (reference: unknown) =>
  String(reference)
    .replace(/.*\//, "")
    .replace(/-v?\d+\.\d+\.\d+\.tgz$/, "");

describe("kinds of charts", () => {
  for (const stack of ["aws", "gcp", "azure", "onprem"]) {
    it(`come before the release of each chart on ${stack} that has them in a folder, at the same version`, async () => {
      const recording = await recordStack(stack, {
        kubeflow: { trainingOperator: true },
        observability: { enabled: true },
        kafka: { kind: "strimzi", topics: [{ name: "events" }] },
      });
      const kinds = recording.ofType("mlstack:index:ChartKinds");
      const releases = recording
        .ofType("kubernetes:helm.sh/v3:Release")
        .filter(
          ({ inputs }) => !withoutFolder.includes(chartOf(inputs["chart"])),
        );

      assert.ok(releases.length > 0);
      for (const { name, inputs, dependencies } of releases) {
        const chart = chartOf(inputs["chart"]);
        const before = kinds.filter(({ urn }) => dependencies.includes(urn));
        const pin = Object.values(charts).find((one) => one.chart === chart);
        assert.ok(pin, `${name}: ${chart}`);
        assert.deepEqual(
          before.map((one) => [
            one.inputs["chart"],
            one.inputs["version"],
            one.inputs["repository"],
          ]),
          [[pin.chart, pin.version, pin.repository]],
          name,
        );
        assert.equal(inputs["skipCrds"], true, name);
      }
      assert.equal(kinds.length, releases.length);
    });
  }
});
