import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

import { drainNode } from "../../infra/onprem/drain";
import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { toolPath } from "../../infra/supply/toolchain/tools";
import { startControlPlane, type ControlPlane } from "../support/control-plane";

/** A pod that is to be on a node, in a namespace of a team or of the platform. */
interface Placed {
  readonly namespace: "ml" | "platform";
  readonly name: string;
  /** Budgets that let no such pod be evicted. */
  readonly budgets?: number;
  readonly finalizers?: readonly string[];
  /** Whether a controller has it. */
  readonly controlled?: false;
}

/** The real kubectl, API server and controllers; what a kubelet would do with pods that are to end, the suite does. */
describe("a node that is drained for its upgrade", function () {
  this.timeout(15 * 60_000);

  let controlPlane: ControlPlane | undefined;
  let owners: Readonly<Record<string, string>> = {};
  let isOver = false;
  let kubelet: Promise<void> | undefined;

  function kubectl(args: readonly string[], input?: object): string {
    const all = ["--kubeconfig", controlPlane?.kubeconfig ?? "", ...args];
    const { status, stdout, stderr } = spawnSync(toolPath("kubectl"), all, {
      encoding: "utf8",
      input: input && JSON.stringify(input),
    });
    assert.equal(status, 0, stderr);
    return stdout;
  }
  const make = (object: object) => kubectl(["create", "-f", "-"], object);

  /** A shell of this machine in the place of one over SSH. */
  const api = {
    run: (script: string) =>
      new Promise<string>((resolve, reject) => {
        execFile("sh", ["-eu", "-c", script], (error, stdout, stderr) => {
          if (error) reject(new Error(stderr));
          else resolve(stdout);
        });
      }),
  };

  async function drain(node: string): Promise<readonly string[]> {
    const lines: string[] = [];
    await drainNode(
      api,
      `${toolPath("kubectl")} --kubeconfig=${controlPlane?.kubeconfig}`,
      node,
      { signal: new AbortController().signal, log: (line) => lines.push(line) },
      { eviction: 10, ending: 3 },
    );
    return lines;
  }

  /** A node with running pods. */
  function occupy(node: string, pods: readonly Placed[]): void {
    make({ apiVersion: "v1", kind: "Node", metadata: { name: node } });
    for (const { namespace, name, budgets = 0, ...pod } of pods) {
      make({
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          ...{ name, namespace, labels: { app: name } },
          finalizers: pod.finalizers,
          ...(pod.controlled !== false && {
            ownerReferences: [
              {
                ...{ apiVersion: "v1", kind: "ConfigMap", name: "owner" },
                ...{ uid: owners[namespace], controller: true },
              },
            ],
          }),
        },
        spec: {
          nodeName: node,
          containers: [{ name: "a", image: "registry.example/job" }],
        },
      });
      const status = {
        phase: "Running",
        conditions: [{ type: "Ready", status: "True" }],
      };
      kubectl([
        ...["patch", "pod", name, "-n", namespace, "--subresource=status"],
        ...["--type=merge", "-p", JSON.stringify({ status })],
      ]);
      for (let index = 0; index < budgets; index++)
        make({
          apiVersion: "policy/v1",
          kind: "PodDisruptionBudget",
          metadata: { name: `keeps-${name}-${index}`, namespace },
          spec: {
            minAvailable: 1,
            selector:
              index === 0
                ? { matchLabels: { app: name } }
                : {
                    matchExpressions: [
                      { key: "app", operator: "In", values: [name] },
                    ],
                  },
          },
        });
    }
  }

  const podsOn = (node: string) =>
    kubectl([
      ...["get", "pods", "--all-namespaces"],
      `--field-selector=spec.nodeName=${node}`,
      `--output=jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {end}`,
    ]).trim();

  before(async () => {
    const tools = ["etcd", "kube-apiserver", "kube-controller-manager"];
    await ensureTools(["kubectl", "kubeadm", ...tools], terminalProgress);
    controlPlane = await startControlPlane({ api: 16753, etcd: 12689 });
    make({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "ml", labels: { "mlstack.dev/team": "ml" } },
    });
    make({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "platform" },
    });
    owners = Object.fromEntries(
      ["ml", "platform"].map((namespace) => {
        // The controllers make the account that pods without one have.
        kubectl([
          ...["wait", "--for=create", "serviceaccount/default"],
          ...["-n", namespace, "--timeout=60s"],
        ]);
        kubectl(["create", "configmap", "owner", "-n", namespace]);
        const uid = kubectl([
          ...["get", "configmap", "owner", "-n", namespace],
          "--output=jsonpath={.metadata.uid}",
        ]);
        return [namespace, uid];
      }),
    );
    kubelet = (async () => {
      for (; !isOver; await pause(300)) {
        const { items } = JSON.parse(
          kubectl(["get", "pods", "--all-namespaces", "-o", "json"]),
        ) as {
          readonly items: readonly {
            readonly metadata: Readonly<Record<string, string>>;
          }[];
        };
        for (const { metadata } of items)
          if (metadata["deletionTimestamp"] !== undefined)
            kubectl([
              ...["delete", "pod", metadata["name"] ?? ""],
              ...["-n", metadata["namespace"] ?? "", "--ignore-not-found"],
              ...["--force", "--grace-period=0", "--wait=false"],
            ]);
      }
    })();
  });

  after(async () => {
    isOver = true;
    await kubelet;
    await controlPlane?.stop();
  });

  it("is left by whatever may be evicted, and nothing is said of it", async () => {
    occupy("one", [
      { namespace: "ml", name: "free" },
      { namespace: "platform", name: "free" },
    ]);
    assert.deepEqual(await drain("one"), []);
    assert.equal(podsOn("one"), "");
  });

  it("is left by a team's pods that their budgets, a finalizer or no controller would keep, which are named", async () => {
    occupy("two", [
      { namespace: "ml", name: "kept", budgets: 1 },
      { namespace: "ml", name: "twice", budgets: 2 },
      { namespace: "ml", name: "held", finalizers: ["mlstack.dev/for-ever"] },
      { namespace: "ml", name: "alone", controlled: false },
      { namespace: "platform", name: "other" },
    ]);
    const said = (await drain("two")).join("\n");
    assert.match(said, /two: nothing makes ml\/alone again elsewhere/);
    assert.match(
      said,
      /pod ml\/kept is kept by the disruption budget ml\/keeps-kept-0; as it is a team's, it is deleted/,
    );
    assert.match(
      said,
      /pod ml\/twice is kept by the disruption budget ml\/keeps-twice-0 and ml\/keeps-twice-1;/,
    );
    assert.match(said, /two: goes on although ml\/held is still there/);
    assert.doesNotMatch(said, /platform\/other/);
    assert.equal(podsOn("two"), "ml/held");
  });

  it("keeps the pods of others, whose budgets are named, and those of teams with them", async () => {
    occupy("three", [
      { namespace: "ml", name: "again", budgets: 1 },
      { namespace: "platform", name: "needed", budgets: 1 },
    ]);
    await assert.rejects(
      drain("three"),
      /^Error: three: not drained within 10 s: pod platform\/needed is kept by the disruption budget platform\/keeps-needed-0$/,
    );
    assert.equal(podsOn("three"), "ml/again platform/needed");
  });

  it("keeps a pod of others that no controller has, in kubectl's words", async () => {
    occupy("four", [
      { namespace: "platform", name: "bare", controlled: false },
      { namespace: "ml", name: "bare", controlled: false },
    ]);
    await assert.rejects(drain("four"), /platform\/bare/);
    assert.equal(podsOn("four"), "ml/bare platform/bare");
  });
});
