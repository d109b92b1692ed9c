import { createHash, X509Certificate } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import type { Host, SshClusterInputs } from "./hosts";
import {
  documentFile,
  initDocuments,
  type Invitation,
  joinDocument,
  markFile,
} from "./kubeadm";
import {
  applyNetworkScript,
  cniConfig,
  forwardingLines,
  networkFile,
  networkScript,
  type PodRange,
} from "./network";
import type { Remote } from "./ssh";
import { kubectl, phases, type Work } from "./work";

async function prepare(remote: Remote, work: Work): Promise<void> {
  await remote.write(markFile, `${work.owner}\n`);
  await remote.run(forwardingLines, work);
}

/** Begins a cluster on its first host. */
export async function init(
  first: Remote,
  inputs: SshClusterInputs,
  work: Work,
  place: string,
): Promise<void> {
  work.log(`${place} ${first.host.name}: init`);
  await prepare(first, work);
  await first.write(documentFile, initDocuments(inputs, first.host));
  await first.run(
    `kubeadm init --config=${documentFile} --skip-token-print\nrm ${documentFile}`,
    { signal: work.signal, onLine: phases(first, work) },
  );
}

/** Takes hosts into the cluster, one after the other. */
export async function joinAll(
  first: Remote,
  joining: readonly Remote[],
  inputs: SshClusterInputs,
  work: Work,
): Promise<void> {
  if (joining.length === 0) return;
  const invitation = await invite(first, joining, work);
  const all = inputs.hosts.length;
  for (const [index, remote] of joining.entries()) {
    const place = `${all - joining.length + index + 1}/${all}`;
    work.log(`${place} ${remote.host.name}: join`);
    await prepare(remote, work);
    await remote.write(
      documentFile,
      joinDocument(inputs, remote.host, invitation),
    );
    await remote.run(
      `kubeadm join --config=${documentFile}\nrm ${documentFile}`,
      { signal: work.signal, onLine: phases(remote, work) },
    );
  }
}

async function invite(
  first: Remote,
  joining: readonly Remote[],
  { signal }: Work,
): Promise<Invitation> {
  const token = await first.run("kubeadm token create --ttl=30m", { signal });
  const authority = await first.run("cat /etc/kubernetes/pki/ca.crt");
  const spki = new X509Certificate(authority).publicKey.export({
    type: "spki",
    format: "der",
  });
  const hash = createHash("sha256").update(spki).digest("hex");
  const invitation = { token: token.trim(), authority: `sha256:${hash}` };
  if (joining.every(({ host }) => host.role === "worker")) return invitation;
  const uploaded = await first.run(
    "kubeadm init phase upload-certs --upload-certs",
    { signal },
  );
  const certificateKey = uploaded.trim().split("\n").pop();
  return { ...invitation, certificateKey };
}

/** Routes between the pods of all hosts, and waits until every node is ready. */
export async function connectPods(
  first: Remote,
  remotes: readonly Remote[],
  inputs: SshClusterInputs,
  work: Work,
): Promise<void> {
  const ranges: PodRange[] = [];
  for (const { host } of remotes) {
    ranges.push({ host, range: await podRange(first, host, work) });
  }
  await Promise.all(
    remotes.map(async (remote) => {
      const own = ranges.find(({ host }) => host === remote.host)?.range ?? "";
      await remote.write("/etc/cni/net.d/10-mlstack.conflist", cniConfig(own));
      await remote.write(
        networkFile,
        networkScript(remote.host, ranges, inputs.pods),
      );
      await remote.run(applyNetworkScript, work);
    }),
  );
  work.log("waiting for the nodes to be ready");
  const names = remotes.map(({ host }) => `node/${host.name}`).join(" ");
  await first.run(
    `${kubectl} wait --for=condition=Ready --timeout=300s ${names}`,
    work,
  );
}

async function podRange(
  first: Remote,
  host: Host,
  { signal }: Work,
): Promise<string> {
  // A kubelet that has its certificate registers its node a moment later.
  const ask = `${kubectl} get node ${host.name} --ignore-not-found -o jsonpath={.spec.podCIDR}`;
  for (let tries = 0; tries < 120; tries++) {
    const range = await first.run(ask, { signal });
    if (range) return range;
    await pause(500, undefined, { signal });
  }
  throw new Error(`${host.name}: no addresses for its pods`);
}
