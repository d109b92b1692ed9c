import assert from "node:assert/strict";

import { podSchema } from "../../../infra/provider/job-pod";
import { NodeUseRecord } from "../../../infra/provider/node-use";

const at = (second: number) =>
  new Date(Date.UTC(2030, 0, 1, 0, 0, second)).toISOString();

function pod(
  name: string,
  fields: {
    readonly node?: string;
    readonly from?: number;
    readonly to?: number;
    readonly phase?: string;
    readonly requests?: Readonly<Record<string, string>>;
  },
) {
  const { node, from, to, phase = "Running" } = fields;
  const requests = fields.requests ?? { cpu: "500m", memory: "1Gi" };
  return podSchema.parse({
    metadata: { name, uid: `uid-${name}` },
    spec: {
      nodeName: node,
      nodeSelector: { "mlstack.dev/pool": "asked" },
      containers: [{ resources: { requests } }],
    },
    status: {
      phase,
      startTime: from === undefined ? null : at(from),
      containerStatuses: [
        {
          name: "main",
          state:
            to === undefined
              ? {}
              : { terminated: { exitCode: 0, finishedAt: at(to) } },
        },
      ],
    },
  });
}

const node = {
  metadata: { labels: { "mlstack.dev/pool": "burst" } },
  status: {
    capacity: { cpu: "8", memory: "32Gi", "nvidia.com/gpu": "1", pods: "110" },
  },
};

describe("use of nodes", () => {
  it("is what the pods on a node asked for over their seconds, of deleted executors until the last look", async () => {
    const asked: string[] = [];
    const record = new NodeUseRecord((name) => {
      asked.push(name);
      return Promise.resolve(node);
    });
    const driver = pod("driver", { node: "n1", from: 0 });
    const executor = pod("executor", {
      node: "n1",
      from: 10,
      requests: { cpu: "2", memory: "4Gi", "nvidia.com/gpu": "1" },
    });
    await record.note([driver, pod("waiting", {})], Date.parse(at(5)));
    await record.note([driver, executor], Date.parse(at(30)));
    await record.note(
      [pod("driver", { node: "n1", from: 0, to: 40, phase: "Succeeded" })],
      Date.parse(at(60)),
    );
    assert.deepEqual(asked, ["n1"], "a node is asked once");
    assert.deepEqual(record.uses(), [
      {
        node: "n1",
        pool: "burst",
        startedAt: at(0),
        finishedAt: at(40),
        coreSeconds: 0.5 * 40 + 2 * 20,
        byteSeconds: (40 + 4 * 20) * 2 ** 30,
        gpuSeconds: 20,
        capacity: { cores: 8, bytes: 32 * 2 ** 30, gpus: 1 },
      },
    ]);
  });

  it("goes on without a node that cannot be asked, and without what it cannot read", async () => {
    const record = new NodeUseRecord(() => Promise.reject(new Error("403")));
    const odd = { node: "n2", from: 0, requests: { cpu: "1e3", memory: "x" } };
    await record.note([pod("driver", odd)], Date.parse(at(10)));
    const [use] = record.uses();
    assert.equal(use?.pool, "asked");
    assert.equal(use.capacity, undefined);
    assert.equal(use.coreSeconds, 0);
  });

  it("counts an evicted pod until the look that saw it so", async () => {
    const record = new NodeUseRecord(() => Promise.resolve(node));
    const evicted = pod("p", { node: "n1", from: 0, phase: "Failed" });
    await record.note([evicted], Date.parse(at(10)));
    await record.note([evicted], Date.parse(at(500)));
    assert.equal(record.uses()[0]?.coreSeconds, 5);
  });
});
