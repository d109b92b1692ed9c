import { deepEqual } from "node:assert/strict";
import { parseAll } from "../../../airgap/providers/kubernetes/yaml-documents";
import { compareRelease } from "../../../airgap/providers/kubernetes/release";
import { resourceNames } from "../../../airgap/providers/kubernetes/release-state";
import { releaseInputs } from "../../../airgap/providers/kubernetes-cert-manager/release";
import { Secret } from "../../../airgap/providers/plugin/value";

describe("releases", () => {
  it("differ by value, and are replaced for their name", () => {
    const old = { name: "a", values: { controller: { replicas: 1 } } };
    const fresh = { name: "a", values: { controller: { replicas: 2 } } };
    deepEqual(compareRelease(old, fresh), {
      changes: { "values.controller.replicas": "update" },
      replaces: [],
      top: ["values"],
    });
    deepEqual(compareRelease(old, { ...old, name: "b" }).replaces, ["name"]);
  });

  it("list what a manifest makes, by kind", () => {
    const manifest = [
      "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: ns}",
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}",
      "# nothing",
    ].join("\n---\n");
    deepEqual(resourceNames(manifest), {
      "Service/v1": ["ns/s"],
      "Deployment.apps/apps/v1": ["d"],
    });
  });
});

describe("manifests", () => {
  it("are read as the objects of all documents and lists", () => {
    const text = [
      "kind: List\nitems: [{kind: A, metadata: {name: a}}, {kind: B}]",
      "",
      "kind: C\nmode: 0644\ntime: 1:30\ndate: 2026-01-02",
    ].join("\n---\n");
    deepEqual(
      parseAll(text).map(({ kind }) => kind),
      ["A", "B", "C"],
    );
    // File modes are octal in the YAML that Kubernetes reads; times are text.
    deepEqual(parseAll(text).at(-1), {
      kind: "C",
      mode: 0o644,
      time: "1:30",
      date: "2026-01-02",
    });
  });
});

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
