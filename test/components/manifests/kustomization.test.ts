import assert from "node:assert/strict";

import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import {
  omit,
  onCluster,
  transform,
  withoutDescriptions,
  type ManifestObject,
} from "../../../components/manifests/kustomization";
import { narrowRoles } from "../../../components/kubeflow/narrow-roles";
import { manifests } from "../../../components/versions";
import { manifestDirectory } from "../../../infra/charts/chart-source";

const pin = manifests.trainingOperator;

const object = (kind: string, spec: unknown): ManifestObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "a" },
  spec,
});

describe("kustomization", () => {
  it("is a folder of a repository at a tag, in the form that the provider knows", () =>
    assert.equal(
      manifestDirectory(pin),
      "https://github.com/kubeflow/training-operator/tree/v1.9.4/manifests/overlays/standalone",
    ));

  it("comes from a mirror where the stack names one", () =>
    assert.equal(
      manifestDirectory(pin, "/mirror/"),
      "/mirror/training-operator-v1.9.4/manifests/overlays/standalone",
    ));

  it("leaves the content of a Secret to the controller that fills it in", () => {
    const change = onCluster({} as k8s.Provider);
    const ignored = (object: ManifestObject) => {
      const child: pulumi.CustomResourceOptions = {};
      change(object, child);
      return child.ignoreChanges;
    };
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "a" },
    };
    assert.deepEqual(ignored(secret), ["data"]);
    // kustomize writes it so; declared, it is a change as soon as the controller has filled the Secret in.
    const empty: ManifestObject = { ...secret, data: {} };
    assert.deepEqual(ignored(empty), ["data"]);
    assert.ok(!("data" in empty));
    assert.equal(ignored({ ...secret, data: { key: "dg==" } }), undefined);
    assert.equal(ignored({ ...secret, kind: "ConfigMap" }), undefined);
  });

  it("pins every repository at one tag", () => {
    const tags = new Map<string, Set<string>>();
    for (const { repository, tag } of Object.values(manifests)) {
      const known = tags.get(repository) ?? new Set();
      tags.set(repository, known.add(tag));
    }
    assert.deepEqual(
      [...tags].filter(([, known]) => known.size > 1),
      [],
    );
  });

  it("leaves an object out as an empty list", () => {
    const kept = object("Service", {});
    const gone = object("Namespace", {});
    const change = omit(({ kind }) => kind === "Namespace");
    [kept, gone].forEach(change);
    assert.deepEqual([kept.kind, gone.kind], ["Service", "List"]);
  });

  it("changes the one object of a kind and name", () => {
    const change = transform<{ readonly replicas: number }>(
      "Deployment",
      "a",
      (spec) => ({ replicas: spec.replicas + 1 }),
    );
    const deployment = object("Deployment", { replicas: 1 });
    const other = object("StatefulSet", { replicas: 1 });
    [deployment, other].forEach(change);
    assert.deepEqual(deployment.spec, { replicas: 2 });
    assert.deepEqual(other.spec, { replicas: 1 });
  });

  it("takes descriptions out of schemas, and not fields that are called so", () => {
    const kind = object("CustomResourceDefinition", {
      schema: {
        description: "gone",
        properties: {
          description: { type: "string", description: "gone" },
          list: { items: { description: "gone", type: "object" } },
        },
        required: ["description"],
      },
    });
    withoutDescriptions(kind);
    assert.deepEqual(kind.spec, {
      schema: {
        properties: {
          description: { type: "string" },
          list: { items: { type: "object" } },
        },
        required: ["description"],
      },
    });
  });

  it("gives members of Kubeflow's profiles no Endpoints and no proxy to services", () => {
    const role = (labels: Readonly<Record<string, string>>) => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "kubeflow-kubernetes-edit", labels },
      rules: [
        {
          apiGroups: [""],
          resources: ["secrets", "services/proxy"],
          verbs: ["get", "list", "watch"],
        },
        {
          apiGroups: [""],
          resources: ["configmaps", "endpoints", "services", "services/proxy"],
          verbs: ["create", "update"],
        },
        { apiGroups: [""], resources: ["services/proxy"], verbs: ["create"] },
        {
          apiGroups: ["", "discovery.k8s.io"],
          resources: ["endpoints", "endpointslices"],
          verbs: ["get"],
        },
      ],
    });
    const edit: ManifestObject = role({
      "rbac.authorization.kubeflow.org/aggregate-to-kubeflow-edit": "true",
    });
    narrowRoles(edit);
    assert.deepEqual(
      edit.rules?.map(({ resources, verbs }) => [resources, verbs]),
      [
        [["secrets"], ["get", "list", "watch"]],
        [
          ["configmaps", "services"],
          ["create", "update"],
        ],
        // They may be looked at.
        [["endpoints", "endpointslices"], ["get"]],
      ],
    );
    // One of a controller.
    const other: ManifestObject = role({});
    narrowRoles(other);
    assert.deepEqual(other, role({}));
  });
});
