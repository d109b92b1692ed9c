import assert from "node:assert/strict";

import {
  claimSchema,
  describeRemains,
  ingressSchema,
  podSchema,
  remainsOf,
  serviceSchema,
  usersOf,
  volumeSchema,
} from "../../../infra/provider/cluster-remains";

const nothing = { volumes: [], claims: [], services: [], ingresses: [] };
const leaving = "2026-01-01T00:00:00Z";

function volume(phase: string, policy = "Delete") {
  return volumeSchema.parse({
    metadata: { name: "pvc-1" },
    spec: {
      persistentVolumeReclaimPolicy: policy,
      claimRef: { namespace: "ml", name: "data" },
    },
    status: { phase },
  });
}

const claim = (deletionTimestamp?: string) =>
  claimSchema.parse({
    metadata: { name: "data", namespace: "ml", deletionTimestamp },
  });

const service = (type: string, deletionTimestamp?: string) =>
  serviceSchema.parse({
    metadata: { name: "web", namespace: "ml", deletionTimestamp },
    spec: { type },
  });

describe("what a cloud still has for a cluster", () => {
  it("is a claimed volume, which goes with its claim", () => {
    const [held] = remainsOf({
      ...nothing,
      volumes: [volume("Bound")],
      claims: [claim()],
    });
    assert.equal(held?.title, "volume of ml/data");
    assert.equal(held.going, false);
    assert.equal(
      held.path,
      "/api/v1/namespaces/ml/persistentvolumeclaims/data",
    );
    const [going] = remainsOf({
      ...nothing,
      volumes: [volume("Bound")],
      claims: [claim(leaving)],
    });
    assert.equal(going?.going, true);
  });

  it("is a released volume, which its driver removes", () => {
    const [released] = remainsOf({ ...nothing, volumes: [volume("Released")] });
    assert.deepEqual(
      [released?.title, released?.going, released?.path],
      ["volume pvc-1", true, undefined],
    );
  });

  it("is a volume that nobody has claimed", () => {
    const [free] = remainsOf({ ...nothing, volumes: [volume("Available")] });
    assert.deepEqual(
      [free?.going, free?.path],
      [false, "/api/v1/persistentvolumes/pvc-1"],
    );
  });

  it("is no volume that was made to outlive the cluster", () =>
    assert.deepEqual(
      remainsOf({ ...nothing, volumes: [volume("Bound", "Retain")] }),
      [],
    ));

  it("is the load balancer of a service, and of an ingress that has one", () => {
    const ingress = (addresses: readonly object[]) =>
      ingressSchema.parse({
        metadata: { name: "web", namespace: "ml" },
        status: { loadBalancer: { ingress: addresses } },
      });
    const found = remainsOf({
      ...nothing,
      services: [
        service("ClusterIP"),
        service("LoadBalancer"),
        service("LoadBalancer", leaving),
      ],
      ingresses: [ingress([]), ingress([{ ip: "203.0.113.1" }])],
    });
    assert.deepEqual(
      found.map(({ title, going }) => [title, going]),
      [
        ["load balancer of service ml/web", false],
        ["load balancer of service ml/web", true],
        ["load balancer of ingress ml/web", false],
      ],
    );
    assert.equal(
      found[2]?.path,
      "/apis/networking.k8s.io/v1/namespaces/ml/ingresses/web",
    );
  });

  it("is told in a line", () => {
    const many = Array.from({ length: 7 }, () => volume("Released"));
    const text = describeRemains(remainsOf({ ...nothing, volumes: many }));
    assert.match(text, /^(volume pvc-1, ){5}2 more$/);
  });
});

describe("users of a claim that is to go", () => {
  const pod = (claimName: string) =>
    podSchema.parse({
      metadata: { name: claimName, namespace: "ml" },
      spec: { volumes: [{ persistentVolumeClaim: { claimName } }, {}] },
    });

  it("are the pods that name it", () => {
    const pods = [pod("data"), pod("other")];
    assert.deepEqual(usersOf([claim(leaving)], pods), [
      "/api/v1/namespaces/ml/pods/data",
    ]);
    assert.deepEqual(usersOf([claim()], pods), []);
  });
});
