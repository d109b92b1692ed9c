import { z } from "zod";

import { sshClusterSchema } from "./hosts";

const outputs = {
  /** Empty as long as the cluster has not begun. */
  kubeconfig: z.string(),
  /** Keys that the hosts showed, by name. */
  fingerprints: z.record(z.string(), z.string()),
  /** ISO instant at which the first certificate of the control plane ends; empty as long as it was not asked for. */
  certificatesEnd: z.string().default(""),
  /** Hosts that did not answer at the last update; the next one brings them up to date. */
  silent: z.array(z.string()).default([]),
  /** Whether no secret is in etcd as plain text, and every API server keeps an audit log. */
  secretsEncrypted: z.boolean().default(false),
  /** Version that members are on the way to, or were when a run was cut off; empty where all have `version`. */
  upgrading: z.string().default(""),
};

/** Shape of the state; what it got with later releases has defaults. */
export const sshClusterStateSchema = sshClusterSchema.extend(outputs);

/** A cluster as its state has it: the inputs that it has come to, and what is known beside them. */
export type SshClusterState = z.output<typeof sshClusterStateSchema>;

/** The newest version that the control plane may have by now: an upgrade that was begun is not taken back. */
export function versionBegun({ version, upgrading }: SshClusterState): string {
  return upgrading === "" ? version : upgrading;
}
