import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { prepare } from "../../infra/supply";
import { loginSchema } from "../../infra/onprem/hosts";
import { Remote } from "../../infra/onprem/ssh";
import { surprises, table, tryAll } from "../red-team/answers";
import { setStage } from "../red-team/stage";
import { attemptsOn } from "../red-team/targets";
import { foundation } from "../support/foundation";
import {
  askedScore,
  FraudFolder,
  fraudNumbers,
  toldSteps,
} from "../support/fraud-folder";
import { ensureKubeadmImages } from "../support/kubeadm-images";
import {
  hostConfiguration,
  hostTraces,
  makeHosts,
  type TestHosts,
} from "../support/ssh-hosts";
import { reachesTeam } from "../support/policy-probe";
import { TestStack } from "../support/test-stack";

const name = "onprem-test";

/** A stack's file with a secret in it is refused an empty passphrase. */
const passphrase = "PULUMI_CONFIG_PASSPHRASE";

/** The on-prem stack for real, with the local one's components and workloads: needs root, and the toolchain built. */
describe("on-prem stack", function () {
  let stack: TestStack;
  let machines: TestHosts;
  const folder = new FraudFolder();
  const given = process.env[passphrase];

  before(async () => {
    process.env[passphrase] = "of the on-prem suite";
    await prepare();
    await ensureKubeadmImages();
    machines = await makeHosts(["control", "worker"]);
    const settings = {
      lifetime: "short",
      target: {
        kind: "onprem",
        hosts: machines.hosts.map((host, index) => ({
          ...host,
          pool: "cpu",
          role: index === 0 ? "control-plane" : "worker",
        })),
        network: { pods: "10.247.0.0/16", services: "10.99.0.0/16" },
        images: { prefix: `${machines.registry}/mlstack` },
        objects: { kind: "in-cluster", size: "10Gi" },
        ...hostConfiguration,
      },
      // The device plugin of a GPU pool is in no registry that can be reached from everywhere, and needs a GPU.
      pools: [{ name: "cpu", min: 2, max: 2 }],
      kubeflow: { trainingOperator: true },
      // As the red team finds them on the local stack.
      teams: [
        {
          name: "ml",
          members: {
            edit: ["group:data-scientists"],
            view: ["group:analysts"],
          },
        },
        { name: "guests", ownModels: true, egress: "none" },
      ],
    };
    stack = new TestStack(name, settings, "onprem");
    stack.set(["workloads", "clickstream"], { team: "ml" });
    stack.set(
      ["workloads", "notebooks"],
      [
        { name: "first", cpu: "100m", memory: "1Gi" },
        { name: "guest", team: "guests", cpu: "100m", memory: "1Gi" },
      ],
    );
    // A run that was cut off leaves a state of hosts that are no more.
    await stack
      .pulumi(["stack", "rm", name, "--force", "--yes", "--preserve-config"])
      .catch(() => undefined);
    await stack.pulumi(["stack", "select", "--create", name]);
    await stack.pulumi(
      [
        ...["config", "set", "--stack", name, "--secret"],
        ...["--path", "mlstack:target.ssh.key"],
      ],
      machines.key,
    );
  });

  after(async () => {
    await stack?.end();
    await machines?.remove();
    folder.remove();
    if (given === undefined) delete process.env[passphrase];
    else process.env[passphrase] = given;
  });

  foundation(this, /^comes up/);

  it("keeps the hosts' key as a secret", () => {
    const text = readFileSync(stack.file, "utf8");
    assert.match(text, /key:\s+secure: v1:/);
    assert.ok(!text.includes("PRIVATE KEY"));
  });

  it("comes up with both jobs completed", async () => {
    await stack.succeed("up");
    const report = stack.report();
    assert.equal(report.target, "onprem");
    assert.deepEqual(
      report.workloads.map(({ name, state, rows }) => [name, state, rows]),
      [
        ["clickstream-features", "COMPLETED", 3605],
        ["clickstream-training", "COMPLETED", 3605],
      ],
    );
    const auc = report.workloads[1]?.metrics["auc"] ?? 0;
    assert.ok(auc > 0.8 && auc < 1, `AUC ${auc}`);
  });

  it("runs on the hosts, with the buckets on one's disk", () => {
    const kubectl = stack.kubectl();
    const nodes = kubectl.run(["get", "nodes", "--output=name"]);
    assert.deepEqual(nodes.trim().split("\n"), ["node/control", "node/worker"]);
    const volumes = kubectl.run([
      ...["get", "persistentvolumes"],
      "--output=jsonpath={.items[*].spec.storageClassName}",
    ]);
    assert.notEqual(volumes, "");
  });

  it("keeps a team's pods from strangers, on their own host and from another", () => {
    const nodes = ["control", "worker"];
    const answers = reachesTeam(stack.kubectl(), "ml", nodes);
    for (const node of nodes) {
      assert.equal(answers[`ml on ${node}`], "served");
      assert.match(
        answers[`default on ${node}`] ?? "",
        /^nc: .*: Connection refused$/,
      );
    }
  });

  it("runs a team's own folder as the local stack does, and it gives the same numbers", async () => {
    await folder.make();
    stack.set(["workloads", "fraud"], { path: folder.path, team: "ml" });
    const output = await stack.succeed("run", folder.path);
    const { "fraud-tell": tell, ...others } = toldSteps(output);
    assert.deepEqual(
      Object.entries(others).map(([job, { result }]) => [job, result]),
      Object.entries(fraudNumbers),
    );
    assert.equal(tell?.result["refused"], "AccessDenied");
    assert.deepEqual(await askedScore(stack), { score: 0.5 });
  });

  it("refuses what a team's people and pods try on what is not theirs, each by the layer that the table names", async function () {
    this.timeout(180_000);
    const [host] = machines.hosts;
    assert.ok(host);
    const stage = setStage(stack.kubectl(), {
      selectors: {
        trainer: "training.kubeflow.org/job-name=fraud-train",
        server: "app.kubernetes.io/name=fraud-serve",
      },
      machineService: { host: host.address, port: 22 },
    });
    try {
      const outcomes = await tryAll(stage, attemptsOn("onprem"));
      console.log(table(outcomes));
      assert.deepEqual(surprises(outcomes), []);
    } finally {
      stage.end();
    }
  });

  it("has nothing to change at a second look", async () => {
    await stack.succeed("preview", "--expect-no-changes");
  });

  it("goes down, and the hosts are as they were", async () => {
    await stack.succeed("down");
    for (const { name, address } of machines.hosts) {
      const remote = await Remote.connect(
        {
          ...{ name, address, port: 22, user: "root" },
          ...{ role: "worker", labels: {}, taints: [] },
        },
        loginSchema.parse({ key: machines.key }),
      );
      const left = await remote.run(hostTraces).finally(() => remote.close());
      assert.equal(left, "", name);
    }
  });
});
