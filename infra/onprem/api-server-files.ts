import { auditFlags, auditPolicy } from "../api-server/audit";
import {
  encryptionConfiguration,
  newEncryptionKey,
} from "../api-server/encryption";
import type { Remote } from "./ssh";

/** Folder of an API server's audit log on a host. */
export const auditFolder = "/var/log/kubernetes/audit";

// Below a folder that kubeadm gives the API server, and takes away with the cluster.
const policyFile = "/etc/kubernetes/pki/audit-policy.json";

/** File with the key to the secrets in etcd, the same one on every control-plane host. */
export const encryptionFile = "/etc/kubernetes/pki/encryption.json";

const manifestFile = "/etc/kubernetes/manifests/kube-apiserver.yaml";

const flags = {
  "encryption-provider-config": encryptionFile,
  ...auditFlags({ policy: policyFile, log: `${auditFolder}/audit.log` }),
};

/** API server settings for kubeadm's ClusterConfiguration. */
export const apiServerSettings = {
  extraArgs: Object.entries(flags).map(([name, value]) => ({ name, value })),
  extraVolumes: [
    {
      name: "audit",
      hostPath: auditFolder,
      mountPath: auditFolder,
      pathType: "DirectoryOrCreate",
    },
  ],
};

const policyText = JSON.stringify(auditPolicy);

/** Writes what the API server of a cluster's first host reads at its start, with a new key. */
export async function writeApiServerFiles(first: Remote): Promise<void> {
  await writePolicy(first);
  await writeEncryption(
    first,
    encryptionConfiguration(newEncryptionKey(), "writes"),
  );
}

/** Gives a host that joins the control plane what those there have. */
export async function copyApiServerFiles(
  from: Remote,
  to: Remote,
): Promise<void> {
  const { encryption } = await readApiServer(from);
  // A cluster of a release before there was a key, one of whose hosts does not answer.
  if (encryption === undefined) return;
  await writePolicy(to);
  await writeEncryption(to, encryption);
}

/** Writes the audit policy. */
export async function writePolicy(remote: Remote): Promise<void> {
  await remote.write(policyFile, policyText);
}

/** Writes the file with the key in one step: an API server that starts meanwhile reads the old one or the new one. */
export async function writeEncryption(
  remote: Remote,
  text: string,
): Promise<void> {
  await remote.run(await prepareEncryption(remote, text));
}

/** Puts the file with the key ready. @returns the line that puts it in its place */
export async function prepareEncryption(
  remote: Remote,
  text: string,
): Promise<string> {
  await remote.write(`${encryptionFile}.new`, text);
  return `mv ${encryptionFile}.new ${encryptionFile}`;
}

/** Settings of a host's running API server. */
export interface ApiServerState {
  readonly remote: Remote;
  /** Text of {@link encryptionFile}; undefined where there is none. */
  readonly encryption: string | undefined;
  /** Whether it has all of {@link apiServerSettings} and today's audit policy. */
  readonly current: boolean;
}

/** Reads what a host's API server was told. */
export async function readApiServer(remote: Remote): Promise<ApiServerState> {
  const separator = "\n---of-mlstack---\n";
  const files = [encryptionFile, policyFile, manifestFile].join(" ");
  const output = await remote
    .run(
      `for file in ${files}; do [ ! -e $file ] || cat $file; printf '\\n%s\\n' ${separator.trim()}; done`,
    )
    .catch(() => {
      // The error of a connection that is lost has what was printed so far, and with it the key.
      throw new Error(
        `${remote.host.name}: cannot read the files of its API server`,
      );
    });
  const [encryption = "", policy, manifest = ""] = output.split(separator);
  return {
    remote,
    encryption: encryption === "" ? undefined : encryption,
    current: policy === policyText && hasFlags(manifest),
  };
}

/** Whether a static pod's manifest starts the API server with all of the settings. */
export function hasFlags(manifest: string): boolean {
  const lines = manifest.split("\n").map((line) => line.trim());
  return Object.entries(flags).every(([name, value]) =>
    lines.includes(`- --${name}=${value}`),
  );
}
