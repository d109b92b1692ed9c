import { z } from "zod";

import { cidr } from "../network/cidr";

const name = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/, {
  error: "write lower-case letters, digits, hyphens and dots, as a host name",
});

/** Address, login and role of a host. */
export const hostSchema = z.strictObject({
  /** Name of the node. */
  name,
  address: z.ipv4({ error: "write the IPv4 address that the other hosts use" }),
  port: z.int().min(1).max(65535),
  user: z.string().min(1),
  key: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Private key, as text: only in states of releases that had no `ssh`",
    ),
  fingerprint: z
    .string()
    .startsWith("SHA256:")
    .optional()
    .describe("`SHA256:…` of the host's key"),
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

/** Login of this machine on the hosts. */
export const loginSchema = z.strictObject({
  agent: z
    .boolean()
    .default(false)
    .describe("Whether the agent behind `SSH_AUTH_SOCK` is asked for keys"),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe("Path of a private key on this machine; `~/` is the home folder"),
  key: z.string().min(1).optional().describe("Private key, as text"),
  passphrase: z
    .string()
    .min(1)
    .optional()
    .describe("Passphrase of the key or of the key file"),
  keys: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe("Private keys of single hosts, by name"),
  unknownHosts: z
    .enum(["trust", "refuse"])
    .default("trust")
    .describe(
      "Action for a host whose key is not in the configuration, the state or `~/.ssh/known_hosts`",
    ),
});

/** Inputs of a cluster that kubeadm makes on hosts reached over SSH. */
export const sshClusterSchema = z.strictObject({
  name,
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/)
    .describe(
      "Kubernetes, as `1.35.4`; kubeadm and kubelet of that version are on the hosts",
    ),
  endpoint: z
    .string()
    .regex(/^[^:/]+:\d+$/)
    .describe(
      "Address and port that reach every control-plane host; the first one's own where there is one",
    ),
  pods: cidr(9, 22),
  services: cidr(12, 24),
  hosts: z.array(hostSchema).min(1),
  ssh: loginSchema.prefault({}),
  lifetime: z
    .enum(["long", "short"])
    .default("short")
    .describe(
      "Hosts of a long-lived cluster keep their volumes when they leave it, and nothing replaces it",
    ),
  import: z
    .string()
    .min(1)
    .optional()
    .describe(
      "ID of a whole cluster on these hosts that is taken over as it is",
    ),
  installKubelet: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Shell line that puts the kubelet of `{version}` on a host, run as root while the host is drained",
    ),
  kubelet: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("More of the kubelet's configuration, the same on all hosts"),
  kubeProxy: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("More of kube-proxy's"),
  ignorePreflightErrors: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "Preflight errors of kubeadm to ignore, such as `SystemVerification`",
    ),
});

/** A host, complete. */
export type Host = z.output<typeof hostSchema>;

/** Login, complete. */
export type SshLogin = z.output<typeof loginSchema>;

/** Arguments of a cluster over SSH, with defaults. */
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

/** Whether a node stays the same one; labels and taints change in place, and how a host is reached says nothing of it. */
export function isSameNode(one: Host, other: Host): boolean {
  return (
    one.name === other.name &&
    one.address === other.address &&
    one.role === other.role
  );
}

/** Changes of a cluster's hosts. */
export interface HostChange {
  readonly removed: readonly Host[];
  readonly added: readonly Host[];
  readonly kept: readonly Host[];
}

/** Compares nodes; a host with another address or role is removed and added. */
export function compareHosts(
  olds: readonly Host[],
  news: readonly Host[],
): HostChange {
  const stays = (host: Host) => olds.some((old) => isSameNode(old, host));
  const leaves = (old: Host) => !news.some((host) => isSameNode(old, host));
  return {
    removed: olds.filter(leaves),
    added: inOrder(news.filter((host) => !stays(host))),
    kept: news.filter(stays),
  };
}
