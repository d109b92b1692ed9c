import { deepEqual } from "node:assert/strict";
import { releaseInputs } from "../../../../infra/supply/plugins/kubernetes-cert-manager/release";
import { Secret } from "../../../../infra/provider/plugin/value";

describe("the cert-manager component", () => {
  it("is a release of its chart with the arguments as values", () => {
    const secret = new Secret("s");
    deepEqual(
      releaseInputs({
        installCRDs: true,
        webhook: { replicaCount: 2 },
        global: null,
        helmOptions: {
          namespace: "cert-manager",
          values: { installCRDs: false, extra: secret },
        },
      }),
      {
        compat: "true",
        chart: "cert-manager",
        namespace: "cert-manager",
        repositoryOpts: { repo: "https://charts.jetstack.io" },
        values: {
          installCRDs: true,
          extra: secret,
          webhook: { replicaCount: 2 },
        },
      },
    );
  });
});
