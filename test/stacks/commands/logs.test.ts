import assert from "node:assert/strict";

import type { V1Pod } from "@kubernetes/client-node";

import { newestOf, podNamed } from "../../../stacks/commands/logs";

function pod(
  name: string,
  minute: number,
  labels: Readonly<Record<string, string>>,
  namespace = "ml",
): V1Pod {
  const creationTimestamp = new Date(Date.UTC(2030, 0, 1, 0, minute));
  return { metadata: { name, namespace, creationTimestamp, labels } };
}

describe("pod whose log is shown", () => {
  const spark = "sparkoperator.k8s.io/app-name";
  const pods = [
    pod("training-exec-1", 3, {
      [spark]: "training",
      "spark-role": "executor",
    }),
    pod("training-driver", 2, { [spark]: "training", "spark-role": "driver" }),
    pod("run-old", 1, { "batch.kubernetes.io/job-name": "pipeline" }),
    pod("run-new", 4, { "batch.kubernetes.io/job-name": "pipeline" }),
  ];
  const nameOf = (name: string | undefined) =>
    newestOf(name, pods)?.metadata?.name;

  it("is the driver's of a Spark job, although executors are newer", () => {
    assert.equal(nameOf("training"), "training-driver");
  });

  it("is the newest of what was tried again", () => {
    assert.equal(nameOf("pipeline"), "run-new");
  });

  it("is nobody's for a name that no pod has", () => {
    assert.equal(nameOf("other"), undefined);
    assert.equal(nameOf(undefined), undefined);
  });

  const theirs = pod(
    "theirs",
    9,
    { [spark]: "training", "spark-role": "driver", app: "server" },
    "risk",
  );
  const server = pod("server-1", 5, { app: "server" });
  const all = [theirs, ...pods, server];

  it("is of the namespace that the stack's job has, whoever labels another's like it", () => {
    const jobs = [{ namespace: "ml", name: "training" }];
    assert.equal(
      podNamed("training", all, jobs).metadata?.name,
      "training-driver",
    );
    assert.equal(podNamed("risk/training", all, jobs).metadata?.name, "theirs");
  });

  it("is asked for with its namespace where several have the name", () => {
    for (const name of ["training", "server"])
      assert.throws(
        () => podNamed(name, all, []),
        new RegExp(`several namespaces have it; write ml/${name} or risk/`),
      );
    assert.equal(podNamed("ml/server", all, []).metadata?.name, "server-1");
    assert.equal(podNamed("theirs", all, []).metadata?.name, "theirs");
  });

  it("is none of a name that nothing has", () => {
    for (const name of [undefined, "other", "other/training", "ml/theirs"])
      assert.throws(
        () => podNamed(name, all, []),
        /logs: .*: choose one of pipeline, server, training$/,
      );
  });
});
