import assert from "node:assert/strict";

import { chartChanges } from "../../../stacks/preview/chart-changes";
import { step } from "./digest";

const release = {
  name: "spark-operator",
  namespace: "spark-operator",
  chart: "spark-operator",
  version: "2.4.0",
  repositoryOpts: { repo: "https://kubeflow.github.io/spark-operator" },
  values: { controller: { replicas: 1 } },
  resourceNames: { Deployment: ["controller"] },
};
const releaseType = "kubernetes:helm.sh/v3:Release";

describe("charts that a change touches", () => {
  it("are releases with another version or other values", () => {
    const [change, ...rest] = chartChanges([
      step("update", `x$${releaseType}`, "spark-operator", {
        before: release,
        after: { ...release, version: "2.5.2" },
      }),
      step("update", releaseType, "timeout-only", {
        before: release,
        after: { ...release, timeout: 600 },
      }),
      step("create", releaseType, "new", { after: release }),
    ]);
    assert.equal(rest.length, 0);
    assert.equal(change?.name, "spark-operator");
    assert.deepEqual(change.before, {
      release: "spark-operator",
      namespace: "spark-operator",
      chart: "spark-operator",
      version: "2.4.0",
      repositoryOpts: release.repositoryOpts,
      values: release.values,
      crds: true,
    });
    assert.equal(change.after.version, "2.5.2");
  });

  const certManager = {
    installCRDs: true,
    helmOptions: {
      chart: "cert-manager",
      version: "v1.20.2",
      namespace: "cert-manager",
      repositoryOpts: { repo: "https://charts.jetstack.io" },
    },
  };
  const certManagerStep = step(
    "update",
    "kubernetes-cert-manager:index:CertManager",
    "cert-manager",
    {
      before: certManager,
      after: { ...certManager, webhook: { replicaCount: 2 } },
    },
  );

  it("may be inside the cert-manager component", () => {
    const [change] = chartChanges([certManagerStep]);
    assert.equal(change?.before.chart, "cert-manager");
    assert.deepEqual(change.before.values, { installCRDs: true });
    assert.deepEqual(change.after.values, {
      installCRDs: true,
      webhook: { replicaCount: 2 },
    });
  });

  it("count once where the component registers its release", () => {
    const inner = step(
      "update",
      `kubernetes-cert-manager:index:CertManager$${releaseType}`,
      "cert-manager-helm",
      { before: release, after: { ...release, values: {} } },
    );
    assert.deepEqual(
      chartChanges([certManagerStep, inner]).map(({ name }) => name),
      ["cert-manager-helm"],
    );
  });
});
