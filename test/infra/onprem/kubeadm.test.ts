import assert from "node:assert/strict";

import { sshClusterSchema } from "../../../infra/onprem/hosts";
import { initDocuments, joinDocument } from "../../../infra/onprem/kubeadm";
import { podPidsLimit } from "../../../infra/pod-processes";
import { gpuTaint } from "../../../infra/pools/placement";
import { host } from "./host";

describe("what hosts are told", () => {
  const inputs = sshClusterSchema.parse({
    name: "a",
    version: "1.35.4",
    endpoint: "10.0.0.5:6443",
    pods: "10.244.0.0/16",
    services: "10.96.0.0/16",
    hosts: [
      host("one", {
        labels: { "mlstack.dev/pool": "gpu" },
        taints: [gpuTaint],
      }),
      host("control", { role: "control-plane" }),
    ],
  });

  it("has labels and taints in what the node registers with", () => {
    const [worker, control] = inputs.hosts;
    assert.ok(worker && control);
    const invitation = { token: "t", authority: "sha256:a" };
    const joined = JSON.parse(joinDocument(inputs, worker, invitation));
    assert.deepEqual(joined.nodeRegistration.taints, [gpuTaint]);
    assert.deepEqual(joined.nodeRegistration.kubeletExtraArgs[1], {
      name: "node-labels",
      value: "mlstack.dev/pool=gpu",
    });
    assert.equal(joined.controlPlane, undefined);
    assert.match(initDocuments(inputs, control), /"taints": \[\]/);
  });

  it("bounds the processes of a pod, unless the stack says otherwise", () => {
    const [, control] = inputs.hosts;
    assert.ok(control);
    const kubelet = (more: object) =>
      initDocuments({ ...inputs, ...more }, control)
        .split("\n---\n")
        .map((text) => JSON.parse(text) as Record<string, unknown>)
        .find(({ kind }) => kind === "KubeletConfiguration");
    assert.ok(podPidsLimit > 0);
    assert.equal(kubelet({})?.["podPidsLimit"], podPidsLimit);
    assert.equal(
      kubelet({ kubelet: { podPidsLimit: 9 } })?.["podPidsLimit"],
      9,
    );
  });
});
