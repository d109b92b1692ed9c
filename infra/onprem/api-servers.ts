import { parse } from "yaml";

import {
  encryptionConfiguration,
  encryptionKeyName,
  keyOf,
  newEncryptionKey,
} from "../api-server/encryption";
import {
  apiServerSettings,
  encryptionFile,
  prepareEncryption,
  readApiServer,
  writeEncryption,
  writePolicy,
} from "./api-server-files";
import type { Host, SshClusterInputs } from "./hosts";
import { documentFile, standingDocuments } from "./kubeadm";
import { runToEnd } from "./lasting-run";
import type { Remote } from "./ssh";
import { restartScript } from "./static-pods";
import { awaitApiServer } from "./upgrade";
import { kubectlOn, untilAnswered, type Work } from "./work";

/**
 * Brings the API servers of a cluster that stands to the settings of a new one: an audit log, and a key to the secrets
 * in etcd. The next run resumes an interrupted one.
 *
 * With several of them, all come to read what is encrypted before one writes it, since each reads what another wrote. So
 * nothing is done as long as one does not answer.
 *
 * @param silent control-plane hosts that do not answer
 * @returns whether all are as they should be
 */
export async function refreshApiServers(
  controlPlane: readonly Remote[],
  silent: readonly Host[],
  inputs: SshClusterInputs,
  work: Work,
): Promise<boolean> {
  const found = await Promise.all(controlPlane.map(readApiServer));
  const key = commonKey(found) ?? newEncryptionKey();
  const written = encryptionConfiguration(key, "writes");
  const late = found.filter(
    ({ current, encryption }) => !current || encryption !== written,
  );
  const [api] = controlPlane;
  if (api === undefined || late.length === 0) return true;
  if (silent.length > 0) {
    const names = silent.map(({ name }) => name).join(", ");
    work.log(
      `audit log and encryption of secrets wait until ${names} answers again`,
    );
    return false;
  }
  const read =
    controlPlane.length === 1 ? written : encryptionConfiguration(key, "reads");
  // First the files everywhere, then the configuration that names them: an upgrade may come in between.
  for (const { remote, encryption } of late) {
    if (encryption === undefined) await writeEncryption(remote, read);
    await writePolicy(remote);
  }
  await uploadSettings(api, inputs, work);
  for (const { remote, current, encryption } of late) {
    if (current && encryption !== undefined) continue;
    work.signal.throwIfAborted();
    work.log(`${remote.host.name}: audit log and encryption of secrets`);
    // To its end: without its manifest an API server does not start again.
    await restart(
      remote,
      `kubeadm init phase control-plane apiserver --config=${documentFile}`,
    );
  }
  for (const remote of controlPlane) {
    const { encryption } = await readApiServer(remote);
    if (encryption === written) continue;
    work.signal.throwIfAborted();
    // In its place only together with the restart: where it lies, its API server is taken to write by it.
    await restart(remote, await prepareEncryption(remote, written));
  }
  return true;

  async function restart(remote: Remote, before: string): Promise<void> {
    const configuration = await liveConfiguration(remote, work);
    await remote.write(
      documentFile,
      standingDocuments(inputs, remote.host, configuration),
    );
    await runToEnd(
      remote,
      `${before}
${restartScript("kube-apiserver")}
rm -f ${documentFile}`,
      work,
    );
    await awaitApiServer(remote, work);
  }
}

/** Writes the settings of a new cluster's API servers into the configuration that hosts which join, and upgrades, go by. */
async function uploadSettings(
  api: Remote,
  inputs: SshClusterInputs,
  work: Work,
): Promise<void> {
  const live = await liveConfiguration(api, work);
  const names = apiServerSettings.extraArgs.map(({ name }) => name);
  const others = (live.apiServer?.extraArgs ?? []).filter(
    ({ name }) => !names.includes(name),
  );
  const apiServer = {
    ...live.apiServer,
    ...apiServerSettings,
    extraArgs: [...others, ...apiServerSettings.extraArgs],
  };
  await api.write(
    documentFile,
    standingDocuments(inputs, api.host, { ...live, apiServer }),
  );
  await api.run(
    untilAnswered(
      `kubeadm init phase upload-config kubeadm --config=${documentFile}`,
    ),
  );
  await api.run(`rm -f ${documentFile}`);
}

/** The key that the hosts have; undefined where none has one. */
function commonKey(
  found: readonly {
    readonly remote: Remote;
    readonly encryption: string | undefined;
  }[],
): string | undefined {
  const keys = new Set<string>();
  for (const { remote, encryption } of found) {
    if (encryption === undefined) continue;
    try {
      keys.add(keyOf(encryption));
    } catch (error) {
      const reason = (error as Error).message;
      throw new Error(
        `${remote.host.name}: ${encryptionFile} ${reason}; bring it back from another control-plane host`,
        { cause: error },
      );
    }
  }
  if (keys.size > 1) {
    const names = found.map(({ remote }) => remote.host.name).join(", ");
    throw new Error(
      `${encryptionFile} has another key on each of ${names}; find out which one reads the cluster's secrets, and copy it to the others`,
    );
  }
  return [...keys][0];
}

interface ClusterConfiguration {
  readonly apiServer?: {
    readonly extraArgs?: readonly {
      readonly name: string;
      readonly value: string;
    }[];
  };
}

/** kubeadm's configuration of the cluster, as it has it. */
async function liveConfiguration(
  api: Remote,
  { signal }: Work,
): Promise<ClusterConfiguration> {
  const text = await api.run(
    untilAnswered(
      `${kubectlOn(api)} --namespace=kube-system get configmap kubeadm-config -o jsonpath={.data.ClusterConfiguration}`,
    ),
    { signal },
  );
  return parse(text) as ClusterConfiguration;
}

const annotation = "mlstack.dev/secrets-encrypted-with";

/** Writes every secret again as it is, unless the cluster says that this was done: none stays in etcd as plain text. */
export async function encryptSecrets(
  api: Remote,
  { signal, log }: Work,
): Promise<void> {
  const kubectl = kubectlOn(api);
  const done = await api.run(
    untilAnswered(
      `${kubectl} get namespace kube-system -o 'jsonpath={.metadata.annotations.${annotation.replaceAll(".", "\\.")}}'`,
    ),
    { signal },
  );
  if (done === encryptionKeyName) return;
  log("writing the secrets again, encrypted");
  // One that changes or goes meanwhile is a conflict; the next try finds it as it is by then.
  await api.run(
    untilAnswered(
      `{ names=$(${kubectl} get secrets --all-namespaces -o name) && { [ -z "$names" ] || ${kubectl} get secrets --all-namespaces -o json | ${kubectl} replace -f - >/dev/null; }; }`,
    ),
    { signal },
  );
  await api.run(
    `${kubectl} annotate --overwrite namespace kube-system ${annotation}=${encryptionKeyName}`,
    { signal },
  );
}
