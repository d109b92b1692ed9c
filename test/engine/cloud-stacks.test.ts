import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { toolPath } from "../../infra/supply/toolchain/tools";
import {
  CloudStack,
  eventually,
  type Cluster,
  type Run,
  type Step,
} from "../support/cloud-stack";
import { startControlPlane, type ControlPlane } from "../support/control-plane";

/** Differences between the clouds; types are given as tokens or their prefixes. */
interface Cloud {
  readonly cluster: string;
  readonly pool: string;
  readonly network: readonly string[];
  /** Where the bounds of the pool `cpu` are, by its name after the stack's. */
  readonly bounds: string;
  /** Where the cluster's creation is caught, by its name after the stack's. */
  readonly held: string;
  /** Another machine type, and which goes first when a pool gets it. */
  readonly machineType: string;
  readonly first: "create" | "delete";
}

const clouds: Readonly<Record<"aws" | "gcp" | "azure", Cloud>> = {
  aws: {
    cluster: "aws:eks/cluster:",
    pool: "aws:eks/nodeGroup:",
    network: [
      "aws:ec2/vpc:",
      "aws:ec2/subnet:",
      "aws:ec2/natGateway:",
      "aws:ec2/internetGateway:",
    ],
    held: "control-cluster",
    bounds: "pools-cpu-euc1-az1-size",
    machineType: "m7i.8xlarge",
    // A node group takes a name that nobody has, so that pods have somewhere to go.
    first: "create",
  },
  gcp: {
    cluster: "gcp:container/cluster:",
    pool: "gcp:container/nodePool:",
    network: ["gcp:compute/"],
    held: "control-cluster",
    bounds: "pools-cpu",
    machineType: "n2-standard-32",
    first: "create",
  },
  azure: {
    cluster: "azure-native:containerservice:ManagedCluster",
    pool: "azure-native:containerservice:AgentPool",
    network: ["azure-native:network:"],
    held: "control-cluster",
    bounds: "pools-cpu",
    machineType: "Standard_D32s_v5",
    // Its twelve characters are all of a pool's name, which two cannot have at once.
    first: "delete",
  },
};

/**
 * Types that need more than an API server: charts and jobs need nodes that run pods, and images a registry of the
 * cloud. `test/cluster` runs them for real. All other resources of a cloud stack are created here: those in the cluster
 * on a real API server with its controllers, those of the cloud by the generic stand-in.
 */
const without = [
  "kubernetes:helm.sh/v3:Release",
  "kubernetes-cert-manager:index:CertManager",
  "mlstack:index:Image",
  // Fetches charts.
  "mlstack:index:ChartKinds",
  // Asks Azure itself.
  "mlstack:index:AdlsAccess",
].flatMap((type) => ["--exclude", `**${type}::**`]);
const upFlags = [...without, "--exclude-dependents"];

describe("a cloud stack in the engine", function () {
  this.timeout(15 * 60_000);

  let controlPlane: ControlPlane | undefined;
  let cluster: Cluster;
  let kubectl: (args: readonly string[], input?: object) => string;

  before(async () => {
    const tools = ["etcd", "kube-apiserver", "kube-controller-manager"];
    await ensureTools(
      ["pulumi", "pulumi-language-nodejs", "kubectl", "kubeadm", ...tools],
      terminalProgress,
    );
    controlPlane = await startControlPlane({ api: 16543, etcd: 12479 });
    const { kubeconfig } = controlPlane;
    kubectl = (args, input) =>
      execFileSync(toolPath("kubectl"), ["--kubeconfig", kubeconfig, ...args], {
        encoding: "utf8",
        input: input && JSON.stringify(input),
        stdio: ["pipe", "pipe", "pipe"],
      });
    cluster = { ...addressOf(kubeconfig), token: letIn(kubectl) };
  });

  after(() => controlPlane?.stop());

  for (const [name, cloud] of Object.entries(clouds)) {
    describe(name, () => {
      let stack: CloudStack;
      before(async () => {
        stack = await CloudStack.make(name, cluster);
      });
      after(() => stack.remove());

      const named = (suffix: string) => `${stack.name}-${suffix}`;
      const noted = (op: string) =>
        stack
          .operations()
          .filter((operation) => operation.op === op)
          .map((operation) => `${operation.type} ${operation.name}`);

      it("previews its whole graph before there is a cluster, and asks the cloud nothing", async () => {
        const run = succeeded(await stack.run("preview"));
        const drawn = run.steps
          .filter(({ op, moment }) => op === "create" && moment === "begin")
          .map(({ type, name: own }) => `${type} ${own}`)
          // Leaves out the resources that the engine adds itself.
          .filter(
            (line) =>
              !/^pulumi:(pulumi:Stack|providers:\S+ default)/.test(line),
          );
        // The plugin of the cert-manager component adds the chart, which the recorded graph cannot know.
        const added = "kubernetes:helm.sh/v3:Release cert-manager-helm";
        const golden = [...goldenNodes(name, stack.name), added];
        assert.deepEqual(drawn.sort(), golden.sort());
        assert.deepEqual(
          stack.operations().filter(({ op }) => op !== "invoke"),
          [],
        );
      });

      it("goes on with an up that was killed while the cluster was being made", async () => {
        // Protected resources could not be destroyed below.
        stack.edit((file) =>
          file.setIn(["config", "mlstack:lifetime"], "short"),
        );
        const killed = stack.begin("up", upFlags, {
          MLSTACK_GENERIC_PROVIDER_HOLD: named(cloud.held),
        });
        await eventually(() => noted("create-held")[0]);
        killed.kill();
        await killed.ended;
        await stack.unlock();
        const before = noted("create");
        assert.ok(before.length > 5, `${before.length} had been made`);
        assert.ok(!before.some((line) => line.startsWith(cloud.pool)));
        const kept = await stack.state();

        succeeded(await stack.run("up", ...upFlags));
        const made = noted("create");
        // Resources that the state already contains are not created again; only those that were being created may be.
        const twice = made
          .filter((line, index) => made.indexOf(line) < index)
          .filter((line) =>
            kept.some((urn) => urn.endsWith(line.replace(" ", "::"))),
          );
        assert.ok(kept.length > 5, `${kept.length} had been noted`);
        assert.deepEqual(twice, []);
        assert.ok(made.some((line) => line.startsWith(cloud.pool)));
        const urns = await stack.state();
        assert.equal(new Set(urns).size, urns.length);
        assert.match(kubectl(["get", "serviceaccounts", "-n", "ml"]), /\n/);
      });

      it("has nothing to change a second time", async () => {
        succeeded(
          await stack.run("preview", ...upFlags, "--expect-no-changes"),
        );
      });

      it("resizes a pool in place, and replaces one in the order designed", async () => {
        stack.forget();
        stack.edit((file) => {
          const pools = ["config", "mlstack:pools"];
          file.setIn([...pools, 0, "max"], 13);
          file.setIn([...pools, 1, "machineType"], cloud.machineType);
          file.setIn([...pools, 2, "name"], "accel");
          file.setIn([...pools, 2, "max"], 9);
        });
        const { steps } = succeeded(await stack.run("up", ...upFlags));
        const of = (own: string) =>
          steps
            .filter((step) => step.name === named(own) && step.op !== "same")
            .map(({ op, moment, type }) => ({ op, moment, type }));

        const resized = of(cloud.bounds);
        assert.deepEqual([...new Set(resized.map(({ op }) => op))], ["update"]);

        const burst = of("pools-burst").filter(({ type }) =>
          type.startsWith(cloud.pool),
        );
        const at = (op: string, moment: string) =>
          burst.findIndex((one) => one.op === op && one.moment === moment);
        const [created, deleted] = [
          "create-replacement",
          "delete-replaced",
        ] as const;
        const [first, then] =
          cloud.first === "create" ? [created, deleted] : [deleted, created];
        assert.ok(at(first, "end") >= 0, JSON.stringify(burst));
        assert.ok(
          at(then, "begin") > at(first, "end"),
          `${then} before ${first}: ${JSON.stringify(burst)}`,
        );

        // A pool of another name is there before the old one goes.
        const place = (op: string, own: string, moment: string) =>
          steps.findIndex(
            (step) =>
              step.op === op &&
              step.moment === moment &&
              step.name === named(own) &&
              step.type.startsWith(cloud.pool),
          );
        const [added, gone] = [
          place("create", "pools-accel", "end"),
          place("delete", "pools-gpu", "begin"),
        ];
        assert.ok(added >= 0 && gone > added, `${added} < ${gone}`);
      });

      it("is destroyed from the top, and waits for disks and load balancers before the nodes go", async () => {
        stack.forget();
        leaveBehind(kubectl);
        const destroying = stack.begin("destroy", []);
        const reached = await Promise.race([
          eventually(() =>
            destroying
              .steps()
              .find(({ type }) => type === "mlstack:index:Teardown"),
          ),
          destroying.ended.then(({ output }) => assert.fail(output)),
        ]);
        assert.equal(reached.op, "delete");
        // The teardown removes the service of a short-lived stack; its finalizer is the cloud's to take away.
        await eventually(() =>
          kubectl([
            ...["get", "service", "left", "-n", "default", "-o"],
            "jsonpath={.metadata.deletionTimestamp}",
          ]) === ""
            ? undefined
            : true,
        );
        assert.ok(
          !noted("delete").some((line) => line.startsWith(cloud.pool)),
          "a pool went before the disks",
        );
        takeAway(kubectl);

        const run = succeeded(await destroying.ended);
        const tiers: readonly (readonly string[])[] = [
          ["kubernetes:"],
          ["pulumi:providers:kubernetes"],
          ["mlstack:index:Teardown"],
          [cloud.pool],
          [cloud.cluster],
          cloud.network,
        ];
        inOrder(run.steps, tiers);
        assert.deepEqual(await stack.state(), []);
        assert.equal(
          kubectl(["get", "storageclass,namespace", "-o", "name"]).match(
            /mlstack-block|namespace\/(ml|spark-operator|cert-manager)\b/,
          ),
          null,
        );
      });
    });
  }
});

function succeeded(run: Run): Run {
  assert.equal(run.exit, 0, run.output);
  return run;
}

/** Requires that something is deleted in each tier, and that a tier is deleted before the next. */
function inOrder(
  steps: readonly Step[],
  tiers: readonly (readonly string[])[],
): void {
  const places = tiers.map((types) => {
    const indexes = (moment: Step["moment"]) =>
      steps.flatMap((step, index) =>
        step.moment === moment &&
        step.op === "delete" &&
        types.some((type) => isOf(type, step))
          ? [index]
          : [],
      );
    return { types, begins: indexes("begin"), ends: indexes("end") };
  });
  for (const [index, { types, begins, ends }] of places.entries()) {
    assert.ok(ends.length > 0, `nothing of ${types.join()} was deleted`);
    const before = places[index - 1];
    if (!before) continue;
    assert.ok(
      Math.max(...before.ends) < Math.min(...begins),
      `${types.join()} began to go before ${before.types.join()} had gone`,
    );
  }
}

/** Whether a step is of a type, or of a group of types that is named by its beginning up to `:` or `/`. */
function isOf(type: string, step: Step): boolean {
  return /[:/]$/.test(type) ? step.type.startsWith(type) : step.type === type;
}

/** Types and names of the stack's golden graph, as this stack would have them. */
function goldenNodes(golden: string, name: string): string[] {
  const file = join(__dirname, "../graphs", `${golden}.txt`);
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [type = "", own = ""] = line.trim().split(" ");
      return `${type} ${own.replace(new RegExp(`^${golden}(?=-|$)`), name)}`;
    });
}

function addressOf(kubeconfig: string) {
  const { clusters } = parse(readFileSync(kubeconfig, "utf8")) as {
    clusters: {
      cluster: { server: string; "certificate-authority-data": string };
    }[];
  };
  const [first] = clusters;
  if (!first) throw new Error(`${kubeconfig} names no cluster`);
  return {
    host: first.cluster.server.replace("https://", ""),
    certificateAuthority: first.cluster["certificate-authority-data"],
  };
}

/** An account that may do everything, as whoever makes a cluster in a cloud may. */
function letIn(kubectl: (args: readonly string[]) => string): string {
  kubectl(["create", "serviceaccount", "maker", "-n", "kube-system"]);
  kubectl([
    ...["create", "clusterrolebinding", "maker"],
    ...["--clusterrole=cluster-admin", "--serviceaccount=kube-system:maker"],
  ]);
  return kubectl(["create", "token", "maker", "-n", "kube-system"]).trim();
}

/** A disk that a team's claim holds, and a load balancer of somebody's, as their drivers would have made them. */
function leaveBehind(
  kubectl: (args: readonly string[], input?: object) => string,
): void {
  const driver = "disks.example";
  const storage = { accessModes: ["ReadWriteOnce"], storageClassName: "left" };
  const objects = [
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: {
        name: "left",
        annotations: { "pv.kubernetes.io/provisioned-by": driver },
        finalizers: ["external-provisioner.volume.kubernetes.io/finalizer"],
      },
      spec: {
        ...storage,
        capacity: { storage: "1Gi" },
        persistentVolumeReclaimPolicy: "Delete",
        csi: { driver, volumeHandle: "disk-1" },
        claimRef: { namespace: "ml", name: "left" },
      },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "left", namespace: "ml" },
      spec: {
        ...storage,
        volumeName: "left",
        resources: { requests: { storage: "1Gi" } },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: "left",
        namespace: "default",
        finalizers: ["service.kubernetes.io/load-balancer-cleanup"],
      },
      spec: { type: "LoadBalancer", ports: [{ port: 80 }] },
    },
  ];
  for (const object of objects) kubectl(["apply", "-f", "-"], object);
}

/** Removes the finalizers as the disk driver and the cloud do once they have deleted their parts. */
function takeAway(kubectl: (args: readonly string[]) => string): void {
  const unheld = ["--type=merge", `--patch={"metadata":{"finalizers":null}}`];
  kubectl(["patch", "service", "left", "-n", "default", ...unheld]);
  kubectl(["delete", "persistentvolume", "left", "--wait=false"]);
  kubectl(["patch", "persistentvolume", "left", ...unheld]);
}
