import { z } from "zod";

import { cidr } from "../cidr";

const name = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/, {
  error: "write lower-case letters, digits, hyphens and dots, as a host name",
});

/** How a host is reached and what it does. */
export const hostSchema = z.strictObject({
  /** Name of the node. */
  name,
  address: z.ipv4({ error: "write the IPv4 address that the other hosts use" }),
  port: z.int().min(1).max(65535),
  user: z.string().min(1),
  /** Private key, as text. */
  key: z.string().min(1),
  /** `SHA256:…` of the host's key; without it, the key seen first is trusted from then on. */
  fingerprint: z.string().startsWith("SHA256:").optional(),
  role: z.enum(["control-plane", "worker"]),
  labels: z.record(z.string(), z.string()),
  taints: z.array(
    z.strictObject({
      key: z.string(),
      value: z.string(),
      effect: z.enum(["NoSchedule", "NoExecute", "PreferNoSchedule"]),
    }),
  ),
});

/** Inputs of a cluster that kubeadm makes on hosts reached over SSH. */
export const sshClusterSchema = z.strictObject({
  name,
  /** Kubernetes, as `1.35.4`; kubeadm and kubelet of that version are on the hosts. */
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  /** Address and port that reach every control-plane host; the first one's own where there is one. */
  endpoint: z.string().regex(/^[^:/]+:\d+$/),
  pods: cidr(9, 22),
  services: cidr(12, 24),
  hosts: z.array(hostSchema).min(1),
  /** More of the kubelet's configuration, the same on all hosts. */
  kubelet: z.record(z.string(), z.unknown()).default({}),
  /** More of kube-proxy's. */
  kubeProxy: z.record(z.string(), z.unknown()).default({}),
  /** Findings of kubeadm's own that are known and no harm, such as `SystemVerification`. */
  ignorePreflightErrors: z.array(z.string().min(1)).default([]),
});

/** A host, complete. */
export type Host = z.output<typeof hostSchema>;

/** What a cluster over SSH is made from, complete. */
export type SshClusterInputs = z.output<typeof sshClusterSchema>;

/** Control-plane hosts, the first of which the cluster begins with. */
export function controlPlaneOf(hosts: readonly Host[]): readonly Host[] {
  return hosts.filter(({ role }) => role === "control-plane");
}

/** Hosts in the order in which they join: each control-plane host before every worker. */
export function inOrder(hosts: readonly Host[]): readonly Host[] {
  const workers = hosts.filter(({ role }) => role === "worker");
  return [...controlPlaneOf(hosts), ...workers];
}

/** Whether a node would be another one: it must leave and join anew. */
export function isSameNode(one: Host, other: Host): boolean {
  const identity = ({ name, address, role, labels, taints }: Host) =>
    JSON.stringify([name, address, role, sorted(labels), taints]);
  return identity(one) === identity(other);
}

/** How the hosts of a cluster change. */
export interface HostChange {
  readonly removed: readonly Host[];
  readonly added: readonly Host[];
  readonly kept: readonly Host[];
}

/** Compares by name; a host whose part changes is removed and added. */
export function compareHosts(
  olds: readonly Host[],
  news: readonly Host[],
): HostChange {
  const before = new Map(olds.map((host) => [host.name, host]));
  const stays = (host: Host) => {
    const old = before.get(host.name);
    return old !== undefined && isSameNode(old, host);
  };
  const kept = news.filter(stays);
  const keptNames = new Set(kept.map((host) => host.name));
  return {
    removed: olds.filter((host) => !keptNames.has(host.name)),
    added: inOrder(news.filter((host) => !stays(host))),
    kept,
  };
}

function sorted(record: Readonly<Record<string, string>>) {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
