import assert from "node:assert/strict";

import { configProblems } from "../../support/config-problems";
import { account } from "../../../infra/eks/stand-in";
import { ec2 } from "../../../infra/eks/rules";
import { computeEngine } from "../../../infra/gke/rules";
import { azureSizes } from "../../../infra/aks/rules";

const local = { target: { kind: "local" } };
const kafka = { kind: "single", topics: [{ name: "events" }] };

/** Pools of AWS, where the machines are known. */
function aws(machineType: string, gpu?: object) {
  return {
    target: {
      ...{ kind: "eks", account, region: "eu-central-1" },
      admins: [`arn:aws:iam::${account}:role/admin`],
    },
    pools: [
      { name: "cpu", machineType, min: 1, max: 100 },
      ...(gpu === undefined ? [] : [gpu]),
    ],
    teams: [
      {
        name: "ml",
        quota: { cpu: "1000", memory: "10Ti", gpus: 100, pods: 1000 },
      },
    ],
  };
}

const executors = (instances: number, memory: string) => ({
  executor: { instances, memory, cores: 2, cpuRequest: "2" },
});

const refused: Readonly<
  Record<string, readonly [Record<string, unknown>, readonly RegExp[]]>
> = {
  "a stream of many executors": [
    {
      ...local,
      kafka,
      streams: {
        clickstream: {
          topic: "events",
          ingest: { size: executors(100, "64g") },
        },
      },
    },
    [
      /^teams\[0\].quota.cpu: "8": what runs side by side asks for .* cores \(streams.clickstream.ingest.size 200.5 cores/,
      /^teams\[0\].quota.memory: "32Gi": .*raise it, or make that smaller/,
      /^teams\[0\].quota.pods: 50: /,
    ],
  ],
  "history servers that find no room beside themselves when they are replaced":
    [
      { ...local, spark: { history: { enabled: true, memory: "20Gi" } } },
      [
        /^teams\[0\].quota.memory: "32Gi": .* 40.0Gi of memory \(spark.history 40.0Gi/,
      ],
    ],
  "a server of many replicas": [
    {
      ...local,
      workloads: {
        clickstream: {
          steps: {
            serving: { enabled: true, size: { replicas: 90, memory: "64Gi" } },
          },
        },
      },
    },
    [
      /steps.serving.size: "22.75 cores": the team's quota is 8 cores/,
      /steps.serving.size: "5824.0Gi of memory"/,
    ],
  ],
  "notebooks that fit alone and not together": [
    {
      ...local,
      workloads: {
        notebooks: ["a", "b", "c", "d"].map((name) => ({
          ...{ name, cpu: "2500m", memory: "1Gi" },
        })),
      },
    },
    [
      /^teams\[0\].quota.cpu: "8": what runs side by side asks for 10 cores \(workloads.notebooks\[0\] 2.5 cores,/,
    ],
  ],
  "a notebook beside a job that fits alone": [
    {
      ...local,
      workloads: {
        clickstream: { steps: { training: { size: executors(3, "1g") } } },
        notebooks: [{ name: "a", cpu: "2" }],
      },
    },
    [
      /^teams\[0\].quota.cpu: "8": what runs side by side asks for 8.5 cores \(workloads.clickstream.training 6.5 cores, workloads.notebooks\[0\] 2 cores\)/,
    ],
  ],
  "more executors than pods": [
    {
      ...local,
      teams: [{ name: "ml", quota: { cpu: "100", memory: "1Ti", pods: 10 } }],
      workloads: {
        clickstream: {
          steps: { features: { size: { executor: { instances: 60 } } } },
        },
      },
    },
    [
      /^teams\[0\].quota.pods: 10: what runs side by side asks for 61 pods \(workloads.clickstream.features 61 pods\)/,
    ],
  ],
  "a pool of Kafka's that is not there": [
    { ...local, kafka: { kind: "strimzi", pool: "nope" } },
    [/^kafka.pool: "nope": choose one of cpu$/],
  ],
  "a data set of a team that is not there": [
    {
      ...local,
      teams: [{ name: "fraud" }],
      kafka,
      streams: { flights: { topic: "events", team: "fraud" } },
    },
    [
      /^workloads\/flights\/data-set.yaml: views\[0\].owner: "ml": choose one of fraud$/,
      /^workloads\/flights\/data-set.yaml: views\[1\].owner: "ml"/,
      /^workloads\/flights\/data-set.yaml: models\[0\].owner: "ml"/,
    ],
  ],
  "an unknown kind of Kafka": [
    { ...local, kafka: { kind: "kafka" } },
    [/^kafka.kind: "kafka": choose one of single, strimzi, external$/],
  ],
  "an executor larger than a node": [
    {
      ...aws("m7i.xlarge"),
      workloads: {
        clickstream: { steps: { features: { size: executors(2, "48g") } } },
      },
    },
    [
      /^workloads.clickstream.features.executor: "67.2Gi of memory": a node of pool cpu has 16.0Gi of memory, .*; ask for less, or choose another pool$/,
    ],
  ],
  "a driver, a server, a notebook and a broker larger than a node": [
    {
      ...aws("m7i.large"),
      kafka: { ...kafka, memory: "16g" },
      workloads: {
        clickstream: {
          steps: {
            training: { size: { driver: { cpuRequest: "4" } } },
            serving: { enabled: true, size: { memory: "9Gi" } },
          },
        },
        notebooks: [{ name: "a", memory: "8Gi" }],
      },
    },
    [
      /^workloads.notebooks\[0\]: "8.0Gi of memory"/,
      /^workloads.clickstream.training.driver: "4 cores": a node of pool cpu has 2 cores/,
      /^workloads.clickstream.serving: "9.0Gi of memory"/,
      /^kafka.memory: "24.0Gi of memory": a node of pool cpu has 8.0Gi/,
    ],
  ],
  "a training on a pool of its own that is too small": [
    {
      ...aws("m7i.4xlarge", {
        name: "gpu",
        machineType: "g6.xlarge",
        min: 0,
        max: 2,
        gpu: { count: 1, type: "l4" },
      }),
      workloads: {
        clickstream: {
          steps: {
            pytorch: {
              enabled: true,
              size: { gpus: 1, memory: "30Gi" },
            },
          },
        },
      },
      kubeflow: { trainingOperator: true },
    },
    [
      /^workloads.clickstream.pytorch: "30.0Gi of memory": a node of pool gpu has 16.0Gi/,
    ],
  ],
};

describe("what a stack asks of its teams and nodes", () => {
  for (const [mistake, [values, lines]] of Object.entries(refused)) {
    it(`with ${mistake} is refused before anything is changed`, () => {
      const told = configProblems(values);
      assert.equal(told.length, lines.length, told.join("\n"));
      for (const [index, line] of lines.entries())
        assert.match(told[index] ?? "", line);
    });
  }

  it("fits where jobs of one chain fit one after another", () => {
    const size = executors(3, "2g");
    assert.deepEqual(
      configProblems({
        ...local,
        workloads: {
          clickstream: { steps: { features: { size }, training: { size } } },
        },
      }),
      [],
    );
  });

  it("is judged on the sizes of machines that are known, and on no others", () => {
    const sizes = (names: readonly [typeof ec2, string][]) =>
      names.map(([catalog, name]) => {
        const size = catalog.size(name);
        return size && [size.cores, size.bytes / 2 ** 30];
      });
    assert.deepEqual(
      sizes([
        [ec2, "m7i.2xlarge"],
        [ec2, "r6i.large"],
        [ec2, "c5n.9xlarge"],
        [ec2, "g6.2xlarge"],
        [ec2, "m5.metal"],
        [ec2, "x2idn.16xlarge"],
        [computeEngine, "n2-standard-8"],
        [computeEngine, "n1-highmem-16"],
        [computeEngine, "g2-standard-8"],
        [computeEngine, "a2-highgpu-1g"],
        [azureSizes, "Standard_D8s_v5"],
        [azureSizes, "Standard_E8-4s_v5"],
        [azureSizes, "Standard_D4ls_v5"],
        [azureSizes, "Standard_NC8as_T4_v3"],
      ]),
      [
        [8, 32],
        [2, 16],
        [36, 94.5],
        [8, 32],
        undefined,
        undefined,
        [8, 32],
        [16, 104],
        [8, 32],
        undefined,
        [8, 32],
        [4, 64],
        [4, 8],
        undefined,
      ],
    );
  });
});
