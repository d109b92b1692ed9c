import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

import {
  type Properties,
  Secret,
  unknown,
} from "../../../infra/provider/plugin/value";
import { jobEnd } from "../../../infra/provider/job-end";
import { teardown } from "../../../infra/provider/teardown";
import { FakeApiServer, kubeconfigOf } from "./fake-api-server";
import { failureOf, ProviderHarness } from "./harness";

const application =
  "/apis/sparkoperator.k8s.io/v1beta2/namespaces/ml/sparkapplications/training";
const pods = "/api/v1/namespaces/ml/pods";

let api: FakeApiServer;
let provider: ProviderHarness;

/** A provider and an API for each test of a suite. Outside of one, hooks run for every test of the project. */
function withProvider(): void {
  beforeEach(async () => {
    api = await FakeApiServer.start();
    provider = await ProviderHarness.ofKinds([jobEnd, teardown]);
  });
  afterEach(async () => {
    await provider.stop();
    await api.stop();
  });
}

describe("JobEnd over gRPC", function () {
  // The Kubernetes client takes seconds to load on a busy machine.
  this.timeout(60_000);
  withProvider();

  const inputs = (uid = "run-1"): Properties => ({
    kubeconfig: new Secret(api.kubeconfig),
    apiVersion: "sparkoperator.k8s.io/v1beta2",
    kind: "SparkApplication",
    namespace: "ml",
    name: "training",
    uid,
    timeoutSeconds: 60,
  });

  const run = (state: string, uid = "run-1") => {
    api.objects.set(pods, { items: [] });
    api.objects.set(application, {
      metadata: { uid, creationTimestamp: "2026-01-01T00:00:00Z" },
      status: {
        applicationState: { state, errorMessage: "driver: out of memory" },
        terminationTime: "2026-01-01T00:00:20Z",
      },
    });
  };

  it("is made when the run has succeeded, by the run's identity", async () => {
    run("COMPLETED");
    const { id, outs } = await provider.create(jobEnd.type, inputs());
    assert.equal(id, "ml/training/run-1");
    assert.equal(outs["state"], "COMPLETED");
    assert.equal(outs["seconds"], 20);
    assert.ok(outs["kubeconfig"] instanceof Secret);
  });

  it("tells what the run's pods asked of the nodes", async () => {
    run("COMPLETED");
    const start = "2026-01-01T00:00:05Z";
    const terminated = { exitCode: 0, finishedAt: "2026-01-01T00:00:15Z" };
    api.objects.set(pods, {
      items: [
        {
          metadata: { name: "training-driver", uid: "pod-1" },
          spec: {
            nodeName: "n1",
            containers: [{ resources: { requests: { cpu: "2" } } }],
          },
          status: {
            ...{ phase: "Succeeded", startTime: start },
            containerStatuses: [{ name: "driver", state: { terminated } }],
          },
        },
      ],
    });
    api.objects.set("/api/v1/nodes/n1", {
      metadata: { labels: { "mlstack.dev/pool": "burst" } },
      status: { capacity: { cpu: "4", memory: "8Gi" } },
    });
    const { outs } = await provider.create(jobEnd.type, inputs());
    assert.deepEqual(outs["nodeUse"], [
      {
        ...{ node: "n1", pool: "burst", coreSeconds: 20, byteSeconds: 0 },
        ...{ gpuSeconds: 0, capacity: { cores: 4, bytes: 2 ** 33, gpus: 0 } },
        startedAt: "2026-01-01T00:00:05.000Z",
        finishedAt: "2026-01-01T00:00:15.000Z",
      },
    ]);
  });

  it("fails with the run's reason", async () => {
    run("FAILED");
    const { details } = await failureOf(provider.create(jobEnd.type, inputs()));
    assert.match(details, /training ended as FAILED: driver: out of memory/);
  });

  it("does not take the end of another run for its own", async () => {
    run("COMPLETED", "run-2");
    const { details } = await failureOf(provider.create(jobEnd.type, inputs()));
    assert.match(details, /was replaced by another/);
  });

  it("stops waiting at a cancellation, also for an answer", async () => {
    api.silent = true;
    const waiting = failureOf(provider.create(jobEnd.type, inputs()));
    while (api.requests.length === 0) await pause(5);
    await provider.cancel();
    assert.match((await waiting).details, /cancelled/);
  });

  it("is made anew for another run, and only then", async () => {
    run("COMPLETED");
    const made = await provider.create(jobEnd.type, inputs());
    const compare = (news: Properties) =>
      provider.diff(jobEnd.type, made, news);
    assert.equal((await compare(inputs())).changed, false);
    const credentials = { ...inputs(), kubeconfig: "{}", timeoutSeconds: 90 };
    assert.deepEqual((await compare(credentials)).replaces, []);
    for (const uid of ["run-2", unknown]) {
      const found = await compare({ ...inputs(), uid });
      assert.deepEqual(found.replaces, ["uid"]);
    }
  });

  it("keeps in the preview of an update what it knows of the run", async () => {
    run("COMPLETED");
    const made = await provider.create(jobEnd.type, inputs());
    const news = { ...inputs(), timeoutSeconds: 90 };
    const { outs } = await provider.update(jobEnd.type, made, news, {
      preview: true,
    });
    assert.equal(outs["state"], "COMPLETED");
    assert.deepEqual(outs["result"], {});
  });

  it("shows nothing of a kubeconfig that cannot be read", async () => {
    const kubeconfig = new Secret("token: s3cr3t\n  broken: [");
    const { details } = await failureOf(
      provider.create(jobEnd.type, { ...inputs(), kubeconfig }),
    );
    assert.match(details, /kubeconfig cannot be read/);
    assert.doesNotMatch(details, /s3cr3t/);
  });
});

describe("Teardown over gRPC", function () {
  this.timeout(60_000);
  withProvider();

  const stored = (kubeconfig: string, remove = true) => {
    const inputs = { kubeconfig, remove, timeoutSeconds: 30 };
    return { id: "teardown", inputs, outs: inputs };
  };

  it("is replaced with its cluster, so that the disks of the old one are waited for", async () => {
    const old = stored(kubeconfigOf(6443, "b25l"));
    const compare = async (kubeconfig: unknown) =>
      (
        await provider.diff(teardown.type, old, {
          ...old.inputs,
          kubeconfig: kubeconfig as string,
        })
      ).replaces;
    assert.deepEqual(await compare(kubeconfigOf(6444, "b25l")), []);
    assert.deepEqual(await compare(kubeconfigOf(6443, "dHdv")), ["kubeconfig"]);
    assert.deepEqual(await compare(unknown), ["kubeconfig"]);
  });

  it("waits to be let in, and says what the cluster answers when it is not", async () => {
    const inputs = {
      ...{ kubeconfig: api.kubeconfig, remove: true },
      ...{ awaitAccess: true, accessSeconds: 20 },
    };
    const review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    const answer = (status: object) => api.objects.set(review, { status });
    answer({ allowed: false, reason: "roles are still spreading" });
    const made = provider.create(teardown.type, inputs);
    while (!api.requests.includes(`POST ${review}`)) await pause(5);
    answer({ allowed: true });
    await made;

    answer({ allowed: false, reason: "roles are still spreading" });
    const { details } = await failureOf(
      provider.create(teardown.type, { ...inputs, accessSeconds: 0.5 }),
    );
    assert.match(
      details,
      /still spreading; see that they are among target\.admins/,
    );
  });

  it("ends when nothing is left, and removes what is", async () => {
    const service = "/api/v1/namespaces/ml/services/front";
    for (const path of [
      "/api/v1/persistentvolumes",
      "/api/v1/persistentvolumeclaims",
      "/apis/networking.k8s.io/v1/ingresses",
      "/api/v1/pods",
    ])
      api.objects.set(path, { items: [] });
    api.objects.set(service, {});
    api.objects.set("/api/v1/services", {
      items: [
        {
          metadata: { name: "front", namespace: "ml" },
          spec: { type: "LoadBalancer" },
        },
      ],
    });
    const gone = provider.delete(teardown.type, stored(api.kubeconfig));
    while (!api.requests.includes(`DELETE ${service}`)) await pause(5);
    api.objects.set("/api/v1/services", { items: [] });
    await gone;
  });

  it("stops waiting at a cancellation", async () => {
    api.silent = true;
    const waiting = failureOf(
      provider.delete(teardown.type, stored(api.kubeconfig)),
    );
    while (api.requests.length === 0) await pause(5);
    await provider.cancel();
    assert.match((await waiting).details, /cancelled/);
  });
});
