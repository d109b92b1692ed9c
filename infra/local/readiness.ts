import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { gpuResource } from "../pools/placement";
import type { KubeApi } from "./api";
import { type ClusterNode, type Layout, controlPlane } from "./layout";
import { until } from "./wait";
import type { Work } from "./work";

const patienceSeconds = 90;

/** Nodes whose machines were restarted. */
export interface Restarted {
  readonly nodes: readonly ClusterNode[];
  /** When, in milliseconds. */
  readonly since: number;
}

/** Readiness level of the API server: it answers administrators, or all RBAC rules are in place. */
export type ApiState = "serves" | "ready";

/** Waits for a state of the API server, and lets the daemons start that wait for the same. */
export async function awaitApi(
  layout: Layout,
  api: KubeApi,
  work: Work,
  state: ApiState,
): Promise<void> {
  const path = state === "serves" ? "/api/v1/nodes?limit=1" : "/readyz";
  await until(async () => (await api.answers(path)) || undefined, {
    signal: work.signal,
    seconds: patienceSeconds,
    everyMilliseconds: 50,
    describe: () =>
      describeFailure(
        layout,
        controlPlane,
        "kube-apiserver",
        "does not answer",
      ),
  });
  await writeFile(apiGate(layout, state), "");
}

/** A file that is there once the API server has reached a state. */
export function apiGate(layout: Layout, state: ApiState): string {
  return layout.at(`api-${state}`);
}

interface NodeObject {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly podCIDR?: string };
  readonly status: {
    readonly capacity?: Readonly<{ [resource: string]: string }>;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastHeartbeatTime: string;
    }[];
  };
}

/** Waits until every node is ready, with its accelerators. */
export async function awaitNodes(
  layout: Layout,
  nodes: readonly ClusterNode[],
  api: KubeApi,
  work: Work,
  restarted?: Restarted,
): Promise<void> {
  let seen: readonly NodeObject[] = [];
  const isReady = (node: ClusterNode): boolean => {
    const object = seen.find(({ metadata }) => metadata.name === node.name);
    const ready = object?.status.conditions?.find(
      ({ type, status }) => type === "Ready" && status === "True",
    );
    // The API server still reports the last condition of a machine that died.
    const stale =
      restarted?.nodes.includes(node) &&
      Date.parse(ready?.lastHeartbeatTime ?? "") < restarted.since;
    return (
      ready !== undefined &&
      !stale &&
      (node.gpus === 0 ||
        object?.status.capacity?.[gpuResource] === String(node.gpus))
    );
  };
  await until(
    async () => {
      seen = (await api.get<{ items: NodeObject[] }>("/api/v1/nodes")).items;
      return nodes.every(isReady) || undefined;
    },
    {
      signal: work.signal,
      seconds: patienceSeconds,
      everyMilliseconds: 100,
      describe: async () => {
        const late = nodes.filter((node) => !isReady(node));
        const words = await Promise.all(
          late.map(({ name }) =>
            describeFailure(layout, name, "kubelet", "is not ready"),
          ),
        );
        return words.join("\n");
      },
    },
  );
  // The field is for people: pods get their addresses from the node's own configuration.
  await Promise.all(
    nodes
      .filter((node) =>
        seen.some(
          ({ metadata, spec }) => metadata.name === node.name && !spec.podCIDR,
        ),
      )
      .map((node) =>
        api.merge(`/api/v1/nodes/${node.name}`, {
          spec: {
            podCIDR: layout.podRange(node),
            podCIDRs: [layout.podRange(node)],
          },
        }),
      ),
  );
}

interface PodList {
  readonly items: readonly {
    readonly status: {
      readonly containerStatuses?: readonly {
        readonly state: {
          readonly waiting?: {
            readonly reason?: string;
            readonly message?: string;
          };
        };
      }[];
      readonly conditions?: readonly { readonly message?: string }[];
    };
  }[];
}

/** Takes the nodes out of the cluster whose machines were removed. */
export async function forgetNodes(
  nodes: readonly ClusterNode[],
  api: KubeApi,
): Promise<void> {
  const { items } = await api.get<{ items: NodeObject[] }>("/api/v1/nodes");
  const known = new Set(nodes.map(({ name }) => name));
  for (const { metadata } of items) {
    if (!known.has(metadata.name)) {
      await api.delete(`/api/v1/nodes/${metadata.name}`);
    }
  }
}

/** Waits until cluster DNS answers. */
export async function awaitDns(api: KubeApi, work: Work): Promise<void> {
  await until(
    async () => {
      const { status } = await api.get<{ status: { readyReplicas?: number } }>(
        `/apis/apps/v1/namespaces/kube-system/deployments/coredns`,
      );
      return (status.readyReplicas ?? 0) > 0 || undefined;
    },
    {
      signal: work.signal,
      seconds: patienceSeconds,
      everyMilliseconds: 100,
      describe: async () => {
        const pods = await api.get<PodList>(
          `/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns`,
        );
        const reasons = pods.items.flatMap(({ status }) => [
          ...(status.containerStatuses ?? []).map(
            ({ state }) => state.waiting?.message ?? state.waiting?.reason,
          ),
          ...(status.conditions ?? []).map(({ message }) => message),
        ]);
        return `kube-system/coredns is not ready after ${patienceSeconds} s: ${reasons.find(Boolean) ?? "it has no pod yet"}`;
      },
    },
  );
}

async function describeFailure(
  layout: Layout,
  unit: string,
  daemon: string,
  state: string,
): Promise<string> {
  const path = join(layout.logs, layout.unit(unit), `${daemon}.log`);
  const text = await readFile(path, "utf8").catch(() => "");
  const lines = text.trim().split("\n").slice(-8);
  return [
    `${unit}: ${daemon} ${state} after ${patienceSeconds} s; last lines of its log:`,
    ...lines,
  ].join("\n  ");
}
