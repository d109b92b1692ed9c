import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { parseConfig } from "../../stacks/config";
import { configProblems } from "../support/config-problems";

const target = { kind: "local" };

describe("configuration of a stack", () => {
  it("is complete with a target alone", () => {
    const config = parseConfig({ target }, "test");
    assert.equal(config.pools.length, 1);
    assert.equal(config.lifetime, "long");
    assert.deepEqual(config.workloads, { own: {} });
    assert.equal(config.teams[0]?.name, "ml");
  });

  const wrong: Readonly<
    Record<string, readonly [Record<string, unknown>, RegExp]>
  > = {
    "a misspelt key": [
      { target, pool: [] },
      /^pool: "pool": no such key; choose one of target, pools, lifetime, /,
    ],
    "a misspelt key below": [
      { target: { ...target, subnett: "10.0.0.0/24" } },
      /^target.subnett: "subnett": no such key; choose one of kind, .*\bsubnet\b/,
    ],
    "no target": [{}, /^target.*(set|choose)/],
    "an unknown target": [
      { target: { kind: "openstack" } },
      /^target.kind: "openstack": choose one of local, existing, eks, gke, aks, onprem/,
    ],
    "an unknown kind of anything else": [
      { target, kafka: { kind: "kafka" } },
      /^kafka.kind: "kafka": choose one of single, strimzi, external$/,
    ],
    "an unknown workload": [
      { target, workloads: { clickstreem: {} } },
      /^workloads.clickstreem: "workloads\/clickstreem": no such folder/,
    ],
    "a pool with max below min": [
      { target, pools: [{ name: "cpu", min: 3, max: 2 }] },
      /^pools\[0\].max: .*raise it to min or more/,
    ],
    "two pools of one name": [
      {
        target,
        pools: [
          { name: "cpu", min: 1, max: 1 },
          { name: "cpu", min: 1, max: 1 },
        ],
      },
      /^pools: .*name of its own/,
    ],
    "memory in a wrong unit": [
      {
        target,
        workloads: {
          clickstream: {
            steps: { features: { size: { driver: { memory: "1Gi" } } } },
          },
        },
      },
      /^workloads.clickstream.steps.features.size.driver.memory: "1Gi": write a whole number with m or g/,
    ],
    "a missing input file": [
      {
        target,
        workloads: { clickstream: { inputs: { data: "absent/events.csv" } } },
      },
      /^workloads.clickstream.inputs.data: "absent\/events.csv": no such file/,
    ],
    "an input of unknown format": [
      {
        target,
        workloads: { clickstream: { inputs: { data: "events.xlsx" } } },
      },
      /^workloads.clickstream.inputs.data: "events.xlsx": use a file that ends in .csv/,
    ],
    "a team that is not there": [
      { target, workloads: { clickstream: { team: "sales" } } },
      /^workloads.clickstream.team: "sales": choose one of ml/,
    ],
    "a pool that is not there": [
      {
        target,
        workloads: { clickstream: { steps: { features: { pool: "big" } } } },
      },
      /^workloads.clickstream.steps.features.pool: "big": choose one of cpu/,
    ],
    "a job larger than its team's quota": [
      {
        target,
        teams: [{ name: "ml", quota: { memory: "1Gi" } }],
        workloads: { clickstream: {} },
      },
      /^workloads\/clickstream\/workload.yaml: steps.features.size: "1.4Gi of memory": the team's quota is 1Gi; ask for less, or raise it/,
    ],
    "a job whose executors are too many for its team": [
      {
        target,
        teams: [{ name: "ml", quota: { memory: "2Gi" } }],
        workloads: {
          clickstream: {
            steps: { features: { size: { executor: { instances: 2 } } } },
          },
        },
      },
      /^workloads.clickstream.steps.features.size: "4.2Gi of memory": the team's quota is 2Gi; ask for less, or raise it/,
    ],
    "an owner that AWS takes in no tag": [
      { target, owner: "R&D (EMEA)" },
      /^owner: "R&D \(EMEA\)": begin with a letter or digit, and use letters/,
    ],
    "an owner that would be two tags of Azure's disks": [
      { target, owner: "Smith, John" },
      /^owner: "Smith, John": begin with a letter or digit, and use letters/,
    ],
    "a member that is listed twice": [
      {
        target,
        teams: [
          {
            name: "ml",
            members: { edit: ["user:ann", "user:bob", "user:ann"] },
          },
        ],
      },
      /^teams\[0\].members.edit\[2\]: "user:ann": is listed twice/,
    ],
    "Kubeflow Pipelines for several teams": [
      {
        target,
        kubeflow: { pipelines: true },
        teams: [{ name: "ml" }, { name: "risk" }],
      },
      /^kubeflow\.pipelines: true: its API has no login, so that each of the teams ml, risk .*Jobs of their teams$/,
    ],
    "a name that Kubernetes refuses": [
      { target, teams: [{ name: "Team_A" }] },
      /^teams\[0\].name: "Team_A": use lower-case letters/,
    ],
  };
  for (const [mistake, [values, line]] of Object.entries(wrong)) {
    it(`with ${mistake} is refused in one line`, () => {
      const [first = "", ...rest] = configProblems(values);
      assert.match(first, line);
      if (mistake !== "a job larger than its team's quota") {
        assert.deepEqual(rest, []);
      }
    });
  }

  for (const name of [
    ...["default", "kube-system", "kube-anything", "kubeflow", "kubeflow-ann"],
    ...["spark-operator", "cert-manager", "gke-managed-system", "kafka"],
    ...["observability", "versitygw", "istio-system", "local-path-storage"],
  ]) {
    it(`with a team in the namespace ${name} is refused in one line`, () => {
      const [line = "", ...others] = configProblems({
        target,
        teams: [{ name: "ml" }, { name }],
      });
      assert.deepEqual(others, []);
      assert.ok(line.startsWith(`teams[1].name: "${name}": the namespace`));
    });
  }

  it("takes owners as people write them", () => {
    for (const owner of ["ml-platform", "ann@example.org", "Zoë Li", "李雷"]) {
      assert.equal(parseConfig({ target, owner }, "test").owner, owner);
    }
  });

  it("is told all of its problems at once", () => {
    assert.equal(
      configProblems({ target, pool: [], lifetime: "medium", teams: [] })
        .length,
      3,
    );
  });

  const valuesOf = (stack: string): Record<string, unknown> => {
    const file = join(__dirname, `../../stacks/Pulumi.${stack}.yaml`);
    const { config } = parse(readFileSync(file, "utf8")) as {
      config: Record<string, unknown>;
    };
    return Object.fromEntries(
      Object.entries(config)
        .filter(([key]) => key.startsWith("mlstack:"))
        .map(([key, value]) => [key.slice("mlstack:".length), value]),
    );
  };
  for (const stack of ["local", "aws", "gcp", "azure", "onprem"]) {
    it(`of the stack ${stack} is accepted`, () => {
      parseConfig(valuesOf(stack), stack);
    });
  }

  describe("shows no value that may be a secret", () => {
    const marks = ["hunter2", "4711471147"];
    const example: Readonly<Record<string, unknown>> = {
      target: {
        ...(valuesOf("onprem")["target"] as object),
        ssh: { user: "ops", key: "-----BEGIN KEY-----" },
        objects: {
          kind: "s3",
          endpoint: "https://s3.example.com",
          keys: { ml: { accessKeyId: "AK", secretAccessKey: "SK" } },
        },
      },
      pools: valuesOf("onprem")["pools"],
      kafka: {
        kind: "external",
        servers: "kafka.example.com:9093",
        security: {
          protocol: "SASL_SSL",
          ca: "-----BEGIN CERTIFICATE-----",
          username: "ml",
          password: "secret",
        },
        topics: [{ name: "events" }],
      },
      streams: {
        clickstream: {
          topic: "events",
          online: { kind: "external", url: "rediss://cache.example.com" },
        },
      },
    };

    /** Paths of all that a value has, itself included; those that hold a text last. */
    function paths(value: unknown): string[][] {
      if (typeof value !== "object" || value === null) return [[]];
      return Object.entries(value)
        .flatMap(([key, item]) => paths(item).map((rest) => [key, ...rest]))
        .concat([[]]);
    }

    function replaced(
      value: unknown,
      [key, ...rest]: readonly string[],
      by: unknown,
    ): unknown {
      if (key === undefined) return by;
      const copy = structuredClone(value) as Record<string, unknown>;
      copy[key] = replaced(copy[key], rest, by);
      return copy;
    }

    it("is tried on every kind of secret that a stack has", () => {
      const keys = paths(example).map((path) => path.at(-1));
      for (const key of [
        ...["key", "accessKeyId", "secretAccessKey", "endpoint"],
        ...["username", "password", "ca", "servers", "url"],
      ]) {
        assert.ok(keys.includes(key), key);
      }
    });

    const plain =
      /\.(kind|user|name|address|role|pool|pods|services|prefix|protocol|min|max|count|topic)$/;
    for (const path of paths(example)) {
      const at = path.join(".");
      // Values of these keys are not secret, and an error that shows them is easier to act on.
      if (path.length === 0 || plain.test(`.${at}`)) continue;
      it(`at ${at}, or in what was written in its place`, () => {
        for (const mistake of [
          marks[0],
          Number(marks[1]),
          marks,
          { of: marks[0] },
          [{ of: marks[0] }],
        ]) {
          const values = replaced(example, path, mistake);
          const said = configProblems(values as Record<string, unknown>).join(
            "\n",
          );
          for (const mark of marks) assert.ok(!said.includes(mark), said);
        }
      });
    }

    it("and says what kind of value is there", () => {
      assert.deepEqual(
        configProblems({
          target,
          kafka: { ...(example["kafka"] as object), servers: 7 },
        }),
        ["kafka.servers: a number, not shown: write text"],
      );
    });
  });
});
