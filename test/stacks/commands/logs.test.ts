import assert from "node:assert/strict";

import type { V1Pod } from "@kubernetes/client-node";

import { newestOf } from "../../../stacks/commands/logs";

function pod(
  name: string,
  minute: number,
  labels: Readonly<Record<string, string>>,
): V1Pod {
  const creationTimestamp = new Date(Date.UTC(2030, 0, 1, 0, minute));
  return { metadata: { name, creationTimestamp, labels } };
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
});
