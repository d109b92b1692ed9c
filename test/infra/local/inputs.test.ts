import assert from "node:assert/strict";

import { local } from "../../../infra/local";
import { clusterSchema } from "../../../infra/local/inputs";
import { pool, problemsOf, remedyAt } from "../problems";

const inputs = {
  name: "test",
  pools: [{ name: "cpu", count: 1 }],
  registryStorage: "/var/cache/registry",
  versions: {
    kubernetes: "1.35.4",
    etcd: "3.6.6",
    containerd: "2.2.9",
    registry: "3.0.0",
  },
};

const problemsWith = (changes: object): string[] =>
  clusterSchema
    .safeParse({ ...inputs, ...changes })
    .error?.issues.map(
      ({ path, message }) => `${path.join(".")}: ${message}`,
    ) ?? [];

describe("inputs of a local cluster", () => {
  it("have defaults for all but name, pools and images", () => {
    const parsed = clusterSchema.parse(inputs);
    assert.equal(parsed.subnet, "10.89.0.0/24");
    assert.equal(parsed.apiPort, 6443);
    assert.deepEqual(parsed.pools, [{ name: "cpu", count: 1, gpus: 0 }]);
  });

  it("are refused all at once", () => {
    const problems = problemsWith({
      name: "Test",
      subnet: "10.89.0.1/24",
      dataDir: "data",
      apiPort: 80,
      colour: "blue",
    });
    assert.equal(problems.length, 5);
    assert.match(problems.join("\n"), /name: write at most 32 lower-case/);
    assert.match(problems.join("\n"), /subnet: write an IPv4 range/);
    assert.match(problems.join("\n"), /dataDir: write an absolute path/);
  });

  for (const [dataDir, remedy] of [
    ["data", /write an absolute path/],
    ["/data/", /without a slash at its end/],
    ["/data//clusters", /write an absolute path/],
    ["/data/../etc/clusters", /without \. and \.\. in it/],
    ["/data/./clusters", /without \. and \.\. in it/],
    ["/data/my clusters", /letters, digits/],
    ['/data/"clusters"', /letters, digits/],
    ["/", /write an absolute path/],
    ["/etc", /is a folder of the system; choose a folder of its own/],
    ["/usr/share/mlstack", /is a folder of the system/],
    ["/run/mlstack", /is a folder of the system/],
    ["/var", /is a folder of the system/],
    ["/var/lib", /is a folder of the system/],
    ["/home", /is a folder of the system/],
    ["/root", /is a folder of the system/],
  ] as const) {
    it(`have no dataDir ${JSON.stringify(dataDir)}`, () => {
      const problems = problemsWith({ dataDir });
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0] ?? "", remedy);
      assert.doesNotMatch(problems[0] ?? "", /\n/);
    });
  }

  for (const dataDir of ["/var/lib/mlstack", "/data", "/home/ann/mlstack"])
    it(`may have the dataDir ${dataDir}`, () =>
      assert.deepEqual(problemsWith({ dataDir }), []));

  it("name each pool once", () => {
    const pools = [
      { name: "cpu", count: 1 },
      { name: "cpu", count: 2 },
    ];
    assert.deepEqual(problemsWith({ pools }), [
      "pools: give each pool a name of its own",
    ]);
  });
});

describe("target local", () => {
  const cpu = pool({});
  const gpu = pool({ name: "gpu", gpu: { count: 1 } });

  it("takes the pools of the local stack", () =>
    assert.deepEqual(problemsOf(local, { kind: "local" }, [cpu, gpu]), []));

  it("refuses a folder of the system in one line", () => {
    const target = { kind: "local", dataDir: "/var" };
    assert.equal(
      remedyAt(local, target, "dataDir"),
      "is a folder of the system; choose a folder of its own, such as /var/lib/mlstack",
    );
  });

  it("refuses an import that names no cluster", () => {
    const target = { kind: "local", import: "local" };
    assert.match(
      remedyAt(local, target, "import"),
      /^write folder and ID of the cluster/,
    );
  });

  it("refuses ranges that overlap", () => {
    const target = { kind: "local", podCidr: "10.96.0.0/16" };
    const [problem = ""] = problemsOf(local, target, [cpu]);
    assert.match(problem, /^target\.serviceCidr: overlaps target\.podCidr/);
  });

  it("refuses more nodes than there is room for", () => {
    const target = { kind: "local", podCidr: "10.244.0.0/22" };
    const [problem = ""] = problemsOf(local, target, [
      pool({ min: 5, max: 5 }),
    ]);
    assert.match(problem, /^pools: .*at most 4/);
  });
});
