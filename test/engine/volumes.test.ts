import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

import { parse } from "yaml";

import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { toolPath } from "../../infra/supply/toolchain/tools";
import { CloudStack, type Run } from "../support/cloud-stack";
import { startControlPlane, type ControlPlane } from "../support/control-plane";

// Charts and images need nodes and a registry; claims need neither.
const flags = [
  "kubernetes:helm.sh/v3:Release",
  "kubernetes-cert-manager:index:CertManager",
  "mlstack:index:Image",
  "mlstack:index:ChartKinds",
  "kubernetes:apps/v1:StatefulSet",
]
  .flatMap((type) => ["--exclude", `**${type}::**`])
  .concat("--exclude-dependents");

const claims = [
  "kafka/kafka-data",
  "ml/clickstream-stream-online-data",
  "ml/notebook-ann-home",
  "observability/samples-prometheus-kube-prometheus-stack-prometheus-0",
];

/** Data in the engine: what a changed size does to the claims of a long-lived stack, on a real API server. */
describe("volumes of a stack in the engine", function () {
  this.timeout(15 * 60_000);

  let controlPlane: ControlPlane | undefined;
  let stack: CloudStack;
  let kubectl: (args: readonly string[], input?: object) => string;

  const setSizes = (size: string) =>
    stack.edit((file) => {
      const set = (path: readonly string[], value: unknown) =>
        file.setIn(["config", ...path], value);
      set(["mlstack:kafka"], {
        kind: "single",
        topics: [{ name: "events" }],
        storage: size,
      });
      set(["mlstack:observability"], { enabled: true, storage: size });
      set(["mlstack:streams"], {
        clickstream: {
          topic: "events",
          online: { kind: "redis", storage: size },
        },
      });
      set(
        ["mlstack:teams"],
        [{ name: "ml", quota: { cpu: "64", memory: "256Gi" } }],
      );
      set(["mlstack:workloads"], { notebooks: [{ name: "ann", disk: size }] });
    });

  const sizeOf = (claim: string) => {
    const [namespace = "", name = ""] = claim.split("/");
    return kubectl([
      ...["get", "pvc", name, "-n", namespace, "-o"],
      "jsonpath={.spec.resources.requests.storage} {.metadata.uid}",
    ]);
  };

  before(async () => {
    const tools = ["etcd", "kube-apiserver", "kube-controller-manager"];
    await ensureTools(
      ["pulumi", "pulumi-language-nodejs", "kubectl", "kubeadm", ...tools],
      terminalProgress,
    );
    controlPlane = await startControlPlane({ api: 16643, etcd: 12579 });
    const { kubeconfig } = controlPlane;
    kubectl = (args, input) =>
      execFileSync(toolPath("kubectl"), ["--kubeconfig", kubeconfig, ...args], {
        encoding: "utf8",
        input: input && JSON.stringify(input),
        stdio: ["pipe", "pipe", "pipe"],
      });
    kubectl(["create", "serviceaccount", "maker", "-n", "kube-system"]);
    kubectl([
      ...["create", "clusterrolebinding", "maker"],
      ...["--clusterrole=cluster-admin", "--serviceaccount=kube-system:maker"],
    ]);
    const token = kubectl(["create", "token", "maker", "-n", "kube-system"]);
    stack = await CloudStack.make("aws", {
      ...addressOf(kubeconfig),
      token: token.trim(),
    });
  });

  after(async () => {
    stack.remove();
    await controlPlane?.stop();
  });

  const changes = ({ steps }: Run) =>
    steps.filter(({ op, moment }) => op !== "same" && moment === "begin");

  it("are there before anything mounts them", async () => {
    setSizes("10Gi");
    succeeded(await stack.run("up", ...flags));
    for (const claim of claims) {
      assert.match(sizeOf(claim), /^10Gi /);
      bind(kubectl, claim, "10Gi");
    }
  });

  it("grow in place: nothing is replaced or deleted", async () => {
    const before = claims.map(sizeOf);
    setSizes("20Gi");
    const planned = changes(succeeded(await stack.run("preview", ...flags)));
    const grown = planned
      .filter(({ type }) => type.endsWith(":PersistentVolumeClaim"))
      .map(({ op }) => op);
    assert.deepEqual(grown, Array(claims.length).fill("update"));
    assert.deepEqual(
      planned.filter(({ op }) => /replace|delete/.test(op)),
      [],
    );
    succeeded(await stack.run("up", ...flags));
    assert.deepEqual(
      claims.map(sizeOf),
      before.map((each) => each.replace("10Gi", "20Gi")),
    );
    succeeded(await stack.run("preview", ...flags, "--expect-no-changes"));
  });

  it("are not made smaller: the preview refuses by the claim's name, and changes nothing", async () => {
    const before = claims.map(sizeOf);
    setSizes("5Gi");
    const run = await stack.run("preview", ...flags);
    assert.notEqual(run.exit, 0);
    assert.match(
      run.output,
      /volume \S+: "5Gi": it has 20Gi, and no volume shrinks; write 20Gi or more/,
    );
    assert.deepEqual(claims.map(sizeOf), before);
  });

  it("of what a long-lived stack names no more are not deleted", async () => {
    setSizes("20Gi");
    stack.edit((file) => {
      file.deleteIn(["config", "mlstack:kafka"]);
      file.deleteIn(["config", "mlstack:streams"]);
      file.setIn(["config", "mlstack:workloads"], {});
    });
    const run = await stack.run("preview", ...flags);
    assert.notEqual(run.exit, 0);
    assert.match(run.output, /kafka-data[\s\S]*protect/);
  });
});

function succeeded(run: Run): Run {
  assert.equal(run.exit, 0, run.output);
  return run;
}

/** A disk as the class's driver would have made it: the API server grows claims that are bound, and no others. */
function bind(
  kubectl: (args: readonly string[], input?: object) => string,
  claim: string,
  storage: string,
): void {
  const [namespace = "", name = ""] = claim.split("/");
  kubectl(["apply", "-f", "-"], {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: "mlstack-block",
      capacity: { storage },
      persistentVolumeReclaimPolicy: "Delete",
      csi: { driver: "disks.example", volumeHandle: name },
      claimRef: { namespace, name },
    },
  });
  kubectl([
    ...["wait", `pvc/${name}`, "-n", namespace, "--timeout=60s"],
    "--for=jsonpath={.status.phase}=Bound",
  ]);
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
