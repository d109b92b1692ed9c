import assert from "node:assert/strict";

import { manifestDiff } from "../../../stacks/preview/manifest-diff";

const deployment = (image: string) => `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: spark-operator}
spec:
  replicas: 1
  template:
    spec:
      containers: [{name: main, image: ${image}}]
`;

const secret = (value: string) => `---
apiVersion: v1
kind: Secret
metadata: {name: certs}
data: {tls.key: ${value}}
`;

describe("difference of two renderings", () => {
  it("is by object, whatever their order and that of their keys", () => {
    const service =
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {a: 1, b: 2}\n";
    const same =
      "---\nkind: Service\nspec: {b: 2, a: 1}\nmetadata: {name: s}\napiVersion: v1\n";
    const changes = manifestDiff(
      service + deployment("operator:1"),
      deployment("operator:2") + same,
    );
    assert.deepEqual(
      changes.map(({ object, change }) => `${change} ${object}`),
      ["changed apps/v1 Deployment spark-operator/controller"],
    );
    const lines = changes[0]?.lines ?? [];
    assert.ok(lines.some((line) => /^-\s+(- )?image: operator:1$/.test(line)));
    assert.ok(lines.some((line) => /^\+\s+(- )?image: operator:2$/.test(line)));
  });

  it("tells what comes and what goes", () => {
    assert.deepEqual(
      manifestDiff(secret("YQ=="), deployment("operator:1")).map(
        ({ object, change }) => `${change} ${object}`,
      ),
      [
        "added apps/v1 Deployment spark-operator/controller",
        "removed v1 Secret certs",
      ],
    );
  });

  it("has no secret in it, and nothing where only certificates differ", () => {
    const hook = (bundle: string) =>
      `---\napiVersion: a/v1\nkind: Hook\nmetadata: {name: h}\nwebhooks: [{clientConfig: {caBundle: ${bundle}}}]\n`;
    assert.deepEqual(
      manifestDiff(secret("YQ==") + hook("x"), secret("Yg==") + hook("y")),
      [],
    );
    assert.ok(!JSON.stringify(manifestDiff("", secret("YQ=="))).includes("YQ"));
  });

  it("reads empty documents and comments as nothing", () => {
    assert.deepEqual(manifestDiff("---\n# Source: a\n---\n", ""), []);
  });
});
