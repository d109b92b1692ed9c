import { deepEqual, equal } from "node:assert/strict";
import {
  judgeOf,
  reasonsOf,
  type Related,
  type Verdict,
} from "../../../airgap/providers/kubernetes/readiness";
import type { Properties } from "../../../airgap/providers/plugin/value";

const nothing: Related = {
  pods: () => Promise.resolve([]),
  read: () => Promise.resolve(undefined),
};

const judge = async (
  apiVersion: string,
  kind: string,
  object: Properties,
  related: Partial<Related> = {},
): Promise<Verdict> => {
  const found = judgeOf({ apiVersion, kind });
  if (!found) throw new Error(`${kind} is not awaited`);
  return found(object, { ...nothing, ...related });
};

const deployment = (
  status: Properties,
  revision = "1",
  generation = 1,
): Properties => ({
  metadata: {
    generation,
    annotations: { "deployment.kubernetes.io/revision": revision },
  },
  spec: { replicas: 2 },
  status: { observedGeneration: 1, ...status },
});

const available = { type: "Available", status: "True" };
const rolledOut = {
  type: "Progressing",
  status: "True",
  reason: "NewReplicaSetAvailable",
};
const full = { updatedReplicas: 2, readyReplicas: 2 };

describe("readiness", () => {
  it("of a Deployment is its newest replicas ready and available", async () => {
    const ready = async (object: Properties): Promise<boolean> =>
      (await judge("apps/v1", "Deployment", object)).ready;
    equal(await ready(deployment({ ...full, conditions: [available] })), true);
    equal(
      await ready(deployment({ ...full, conditions: [available] }, "2")),
      false,
    );
    equal(
      await ready(
        deployment({ ...full, conditions: [available, rolledOut] }, "2"),
      ),
      true,
    );
    equal(
      await ready(
        deployment({ ...full, readyReplicas: 1, conditions: [available] }),
      ),
      false,
    );
    // The controller has not seen the change yet.
    equal(
      await ready(deployment({ ...full, conditions: [available] }, "1", 2)),
      false,
    );
  });

  it("of a Deployment that is not says why, pods included", async () => {
    const object = deployment({
      conditions: [
        {
          type: "Available",
          status: "False",
          reason: "MinimumReplicasUnavailable",
          message: "Deployment does not have minimum availability.",
        },
      ],
    });
    object.spec = { replicas: 2, selector: { matchLabels: { app: "a" } } };
    const verdict = await judge("apps/v1", "Deployment", object, {
      pods: (selector) => {
        deepEqual(selector, { app: "a" });
        return Promise.resolve([waitingPod]);
      },
    });
    deepEqual(verdict.reasons, [
      "[MinimumReplicasUnavailable] Deployment does not have minimum availability.",
      "Minimum number of live Pods was not attained",
      "[Pod ns/p]: containers with unready status: [c][ErrImagePull] no such image",
    ]);
  });

  it("of a Job is its end; a failure is final", async () => {
    const job = (type: string): Properties => ({
      status: {
        conditions: [{ type, status: "True", reason: "R", message: "m" }],
      },
    });
    equal((await judge("batch/v1", "Job", job("Complete"))).ready, true);
    deepEqual(await judge("batch/v1", "Job", job("Failed")), {
      ready: false,
      reasons: ["[R] m"],
      hopeless: true,
    });
  });

  it("of a claim is a volume, or a class that waits for the first pod", async () => {
    const claim = {
      spec: { storageClassName: "x" },
      status: { phase: "Pending" },
    };
    const binding = (volumeBindingMode: string): Partial<Related> => ({
      read: () => Promise.resolve({ volumeBindingMode }),
    });
    const ready = async (related: Partial<Related>): Promise<boolean> =>
      (await judge("v1", "PersistentVolumeClaim", claim, related)).ready;
    equal(await ready(binding("WaitForFirstConsumer")), true);
    equal(await ready(binding("Immediate")), false);
  });

  it("of a Service is endpoints without unready ones, unless it selects nothing", async () => {
    const service = {
      metadata: { name: "s" },
      spec: { selector: { app: "a" } },
    };
    const endpoints = (...subsets: Properties[]): Partial<Related> => ({
      read: () => Promise.resolve({ subsets }),
    });
    const ready = async (
      object: Properties,
      related: Partial<Related>,
    ): Promise<boolean> =>
      (await judge("v1", "Service", object, related)).ready;
    equal(await ready(service, endpoints({ addresses: [{ ip: "1" }] })), true);
    equal(
      await ready(service, endpoints({ notReadyAddresses: [{ ip: "1" }] })),
      false,
    );
    equal(await ready(service, {}), false);
    equal(await ready({ spec: {} }, {}), true);
    equal(await ready({ spec: { type: "LoadBalancer" } }, {}), false);
  });

  it("of a StatefulSet is one revision on all replicas", async () => {
    const set = (currentRevision: string): Properties => ({
      metadata: { generation: 1 },
      spec: { replicas: 1 },
      status: {
        observedGeneration: 1,
        replicas: 1,
        readyReplicas: 1,
        currentReplicas: 1,
        updateRevision: "b",
        currentRevision,
      },
    });
    equal((await judge("apps/v1", "StatefulSet", set("b"))).ready, true);
    deepEqual((await judge("apps/v1", "StatefulSet", set("a"))).reasons, [
      'StatefulSet controller failed to advance from revision "a" to revision "b"',
    ]);
  });

  it("is not awaited where it means nothing", () => {
    equal(judgeOf({ apiVersion: "v1", kind: "ConfigMap" }), undefined);
    equal(judgeOf({ apiVersion: "example.dev/v1", kind: "Job" }), undefined);
    equal(
      judgeOf({ apiVersion: "v1", kind: "PersistentVolumeClaim" }, "read"),
      undefined,
    );
  });
});

const waitingPod: Properties = {
  metadata: { name: "p", namespace: "ns" },
  status: {
    conditions: [
      { type: "PodScheduled", status: "True" },
      { type: "Initialized", status: "True" },
      {
        type: "Ready",
        status: "False",
        reason: "ContainersNotReady",
        message: "containers with unready status: [c]",
      },
    ],
    containerStatuses: [
      {
        name: "c",
        ready: false,
        state: {
          waiting: { reason: "ErrImagePull", message: "no such image" },
        },
      },
    ],
  },
};

describe("reasons of a pod", () => {
  it("are none once it has succeeded", () => {
    deepEqual(reasonsOf({ status: { phase: "Succeeded" } }), []);
  });

  it("name the exit of a container", () => {
    const status = {
      name: "c",
      state: { terminated: { reason: "Error", exitCode: 3 } },
    };
    const { metadata } = waitingPod;
    deepEqual(
      reasonsOf({
        metadata: metadata ?? null,
        status: {
          conditions: [{ type: "Ready", status: "False" }],
          containerStatuses: [status],
        },
      }),
      ['[Pod ns/p]: container "c" completed with exit code 3'],
    );
  });
});
