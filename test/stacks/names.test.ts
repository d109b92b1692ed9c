import assert from "node:assert/strict";

import { isReservedNamespace } from "../../components/teams/names";
import type { Recorded } from "../support/recording-monitor";
import { projectStacks, recordStack } from "../support/stack-program";

const binding = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding";

interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

const metadataOf = ({ inputs }: Recorded) =>
  (inputs["metadata"] ?? {}) as Metadata;

describe("members of a team that is a Profile", () => {
  it("have a binding each, however alike their names are", async function () {
    this.timeout(120_000);
    const people = [
      ...["user:ann.lee@example.org", "user:ann-lee@example.org"],
      ...["user:李雷", "user:韩梅", "user:Bob", "group:bob"],
    ];
    const { resources } = await recordStack("gcp", {
      kubeflow: { profiles: true },
      workloads: {},
      teams: [
        { name: "ml", members: { edit: people, view: people } },
        // Names that are joined by hyphens could be joined in another place.
        { name: "ml-user-a", members: { edit: ["user:b"] } },
        { name: "ml-user", members: { edit: ["user:a-user-b"] } },
      ],
    });
    const bindings = resources.filter(
      (each) =>
        each.type === binding &&
        /clusterrole/.test(metadataOf(each).name ?? ""),
    );
    assert.equal(bindings.length, 2 * people.length + 2);
    const urns = bindings.map(({ urn }) => urn);
    assert.equal(new Set(urns).size, urns.length, urns.join("\n"));
    const objects = bindings
      .map(metadataOf)
      .map(({ namespace, name }) => `${namespace}/${name}`);
    assert.equal(new Set(objects).size, objects.length, objects.join("\n"));
    // The form in which the dashboard looks for a contributor that nobody is alike.
    assert.ok(objects.includes("ml/user-bob-clusterrole-edit"), objects.join());
  });
});

const everything = {
  observability: { enabled: true },
  kafka: { kind: "single", topics: [{ name: "events" }] },
  kubeflow: {
    trainingOperator: true,
    pipelines: true,
    notebooks: true,
    profiles: true,
    dashboard: true,
    kserve: true,
  },
};

// Every kind of target, of which the clouds add no namespace of ours.
for (const stack of projectStacks.filter((each) =>
  ["local", "aws", "onprem"].includes(each),
)) {
  it(`namespaces of ${stack} are its teams', or are refused to teams`, async function () {
    this.timeout(120_000);
    const { resources } = await recordStack(stack, everything);
    const teams = resources
      .filter(({ type }) => type === "mlstack:components:Team")
      .map(({ name }) => name);
    const used = resources
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .flatMap((each) => {
        const { name, namespace } = metadataOf(each);
        return each.type.endsWith(":Namespace")
          ? [name]
          : [namespace, each.inputs["namespace"] as string | undefined];
      })
      .filter((each) => each !== undefined);
    const free = [...new Set(used)].filter(
      (name) => !teams.includes(name) && !isReservedNamespace(name),
    );
    assert.deepEqual(free, []);
  });
}
