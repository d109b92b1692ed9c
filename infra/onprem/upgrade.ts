import { setTimeout as pause } from "node:timers/promises";

import { drainNode } from "./drain";
import type { SshClusterInputs } from "./hosts";
import { runToEnd } from "./lasting-run";
import type { Remote } from "./ssh";
import { compareVersions } from "./versions";
import { kubectlOn, untilAnswered, type Work } from "./work";

/**
 * Brings the members to the version of the inputs: the whole control plane first, then the kubelets, host by host. A
 * host that lacks the new kubelet keeps the old one, which the new control plane works with, and is named at the end.
 */
export async function upgrade(
  members: readonly Remote[],
  inputs: SshClusterInputs,
  work: Work,
): Promise<void> {
  const controlPlane = members.filter(isControlPlane);
  for (const [index, remote] of controlPlane.entries()) {
    await upgradeControlPlane(remote, index === 0, inputs, work);
  }
  const lacking: string[] = [];
  for (const remote of members) {
    const api = controlPlane.find((other) => other !== remote) ?? remote;
    const done = await upgradeKubelet(api, remote, inputs, work);
    if (!done) lacking.push(remote.host.name);
  }
  if (lacking.length > 0) {
    throw new Error(
      `the control plane runs ${inputs.version}, and the kubelets of ${lacking.join(", ")} do not yet: install kubelet ${inputs.version} there and run up again, or set target.installKubelet`,
    );
  }
}

const isControlPlane = ({ host }: Remote) => host.role === "control-plane";

async function upgradeControlPlane(
  remote: Remote,
  isFirst: boolean,
  inputs: SshClusterInputs,
  work: Work,
): Promise<void> {
  const { version } = inputs;
  const { name } = remote.host;
  // After an interrupted run, the API server may still be starting.
  await awaitApiServer(remote, work);
  const running = await remote.run(`${kubectlOn(remote)} get --raw /version`, {
    signal: work.signal,
  });
  const { gitVersion } = JSON.parse(running) as { gitVersion: string };
  // The first host's upgrade covers the cluster's own parts too, which an interrupted one may have left as they were.
  if (!isFirst && compareVersions(gitVersion, version) === 0) return;
  work.signal.throwIfAborted();
  work.log(`${name}: control plane ${gitVersion} to ${version}`);
  const how = isFirst ? `apply v${version} --yes` : "node";
  await runToEnd(remote, kubeadmUpgrade(how, inputs), work);
  await awaitApiServer(remote, work);
}

function kubeadmUpgrade(
  how: string,
  { ignorePreflightErrors }: SshClusterInputs,
): string {
  const ignored =
    ignorePreflightErrors.length > 0
      ? ` --ignore-preflight-errors=${ignorePreflightErrors.join(",")}`
      : "";
  return `kubeadm upgrade ${how}${ignored}`;
}

/** Waits until a host's API server has everything that it needs to answer. */
export async function awaitApiServer(
  remote: Remote,
  { signal }: Work,
): Promise<void> {
  await remote.run(
    `for try in $(seq 120); do ${kubectlOn(remote)} get --raw /readyz >/dev/null 2>&1 && exit 0; sleep 1; done\necho "${remote.host.address}: the API server does not answer" >&2\nexit 1`,
    { signal },
  );
}

/** Annotation of a node that an upgrade drained. The run after an interrupted one uncordons such a node. */
const drainedAnnotation = "mlstack.dev/drained-for-upgrade";

/** False where the host lacks the kubelet, and nothing says how to install it. */
async function upgradeKubelet(
  api: Remote,
  remote: Remote,
  inputs: SshClusterInputs,
  work: Work,
): Promise<boolean> {
  const { version, installKubelet } = inputs;
  const { name } = remote.host;
  const kubectl = kubectlOn(api);
  const node = await readNode(api, name, work);
  const uncordonDrained = async () => {
    if (node.cordoned && !node.drained) return;
    await api.run(
      untilAnswered(
        `${kubectl} uncordon ${name} && ${kubectl} annotate node ${name} ${drainedAnnotation}-`,
      ),
    );
  };
  if (node.kubelet === version) {
    if (node.drained) await uncordonDrained();
    return true;
  }
  const installed = await installedKubelet(remote);
  if (installed !== version && installKubelet === undefined) {
    if (node.drained) await uncordonDrained();
    return false;
  }
  work.signal.throwIfAborted();
  work.log(`${name}: kubelet ${node.kubelet} to ${version}`);
  try {
    if (!node.cordoned) {
      await api.run(
        untilAnswered(
          `${kubectl} annotate --overwrite node ${name} ${drainedAnnotation}=${version}`,
        ),
      );
    }
    await awaitApiServer(api, work);
    await drainNode(api, kubectl, name, work);
    if (installed !== version && installKubelet !== undefined) {
      await runToEnd(
        remote,
        installKubelet.replaceAll("{version}", version),
        work,
      );
      const found = await installedKubelet(remote);
      if (found !== version) {
        throw new Error(
          `${name}: target.installKubelet left kubelet ${found}, and not ${version}`,
        );
      }
    }
    const configuration = isControlPlane(remote)
      ? ""
      : `${kubeadmUpgrade("node", inputs)}\n`;
    await runToEnd(
      remote,
      `${configuration}systemctl daemon-reload\nsystemctl restart kubelet`,
      work,
    );
    await awaitKubelet(api, name, version, work);
  } catch (error) {
    // If this fails too, the next run uncordons the node.
    await uncordonDrained().catch((reason: unknown) =>
      work.log(String(reason)),
    );
    throw error;
  }
  await uncordonDrained();
  return true;
}

async function installedKubelet(remote: Remote): Promise<string> {
  const output = await remote.run("kubelet --version");
  return output.trim().replace(/^Kubernetes v/, "");
}

interface NodeState {
  readonly kubelet: string;
  readonly cordoned: boolean;
  /** Whether a run of ours has cordoned it. */
  readonly drained: boolean;
  readonly ready: boolean;
}

async function readNode(
  api: Remote,
  name: string,
  { signal }: Work,
): Promise<NodeState> {
  const text = await api.run(
    untilAnswered(`${kubectlOn(api)} get node ${name} -o json`),
    { signal },
  );
  const { metadata, spec, status } = JSON.parse(text) as {
    metadata: { annotations?: Readonly<Record<string, string>> };
    spec: { unschedulable?: boolean };
    status: {
      nodeInfo: { kubeletVersion: string };
      conditions: readonly { type: string; status: string }[];
    };
  };
  return {
    kubelet: status.nodeInfo.kubeletVersion.replace(/^v/, ""),
    cordoned: spec.unschedulable === true,
    drained: metadata.annotations?.[drainedAnnotation] !== undefined,
    ready: status.conditions.some(
      (condition) => condition.type === "Ready" && condition.status === "True",
    ),
  };
}

async function awaitKubelet(
  api: Remote,
  name: string,
  version: string,
  work: Work,
): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    const { kubelet, ready } = await readNode(api, name, work);
    if (ready && kubelet === version) return;
    await pause(1_000, undefined, { signal: work.signal });
  }
  throw new Error(`${name}: kubelet ${version} is not ready after 120 s`);
}
