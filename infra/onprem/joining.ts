import { createHash, X509Certificate } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import { copyApiServerFiles, writeApiServerFiles } from "./api-server-files";
import type { Host, SshClusterInputs } from "./hosts";
import {
  documentFile,
  initDocuments,
  type Invitation,
  joinDocument,
} from "./kubeadm";
import { type ClusterMark, markFile, markText } from "./mark";
import {
  applyNetworkScript,
  cniConfig,
  forwardingLines,
  networkFile,
  networkScript,
  type PodRange,
} from "./network";
import type { Remote } from "./ssh";
import { markVolumeFolder } from "./volumes";
import { kubectlOn, phases, type Work } from "./work";

/** Writes how far a host has come. */
export async function writeMark(
  remote: Remote,
  mark: ClusterMark,
): Promise<void> {
  // In one step: a mark that a power cut left half written would be nobody's.
  await remote.write(`${markFile}.new`, markText(mark));
  await remote.run(`mv ${markFile}.new ${markFile}`);
}

async function prepare(remote: Remote, id: string, work: Work): Promise<void> {
  await writeMark(remote, { id, owner: work.owner, state: "begun" });
  await remote.run(markVolumeFolder(id));
  await remote.run(forwardingLines, { signal: work.signal });
}

/** Begins a cluster on its first host. */
export async function init(
  first: Remote,
  inputs: SshClusterInputs,
  id: string,
  work: Work,
): Promise<void> {
  work.log(`${first.host.name}: init`);
  await prepare(first, id, work);
  await writeApiServerFiles(first);
  await first.write(documentFile, initDocuments(inputs, first.host));
  await first.run(
    `kubeadm init --config=${documentFile} --skip-token-print\nrm ${documentFile}`,
    { signal: work.signal, onLine: phases(first, work) },
  );
  await writeMark(first, { id, owner: work.owner, state: "joined" });
}

/** Takes hosts into the cluster, one after the other; what lets them in is of no use to anybody afterwards. */
export async function joinAll(
  first: Remote,
  joining: readonly Remote[],
  inputs: SshClusterInputs,
  id: string,
  work: Work,
): Promise<void> {
  if (joining.length === 0) return;
  const invitation = await invite(first, joining, work);
  try {
    for (const [index, remote] of joining.entries()) {
      work.log(`${remote.host.name}: join (${index + 1}/${joining.length})`);
      await prepare(remote, id, work);
      if (remote.host.role === "control-plane")
        await copyApiServerFiles(first, remote);
      await remote.write(
        documentFile,
        joinDocument(inputs, remote.host, invitation),
      );
      await remote.run(
        `kubeadm join --config=${documentFile}\nrm ${documentFile}`,
        { signal: work.signal, onLine: phases(remote, work) },
      );
      await writeMark(remote, { id, owner: work.owner, state: "joined" });
    }
  } finally {
    const [tokenId = ""] = invitation.token.split(".");
    await first
      .run(
        `kubeadm token delete ${tokenId}\n${kubectlOn(first)} --namespace=kube-system delete secret kubeadm-certs --ignore-not-found`,
      )
      .catch((error: unknown) => work.log(String(error)));
  }
}

async function invite(
  first: Remote,
  joining: readonly Remote[],
  { signal }: Work,
): Promise<Invitation> {
  const token = await first.run("kubeadm token create --ttl=2h", { signal });
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

/** Routes between the pods of all hosts, of which those that are silent keep the routes that they have. */
export async function connectPods(
  api: Remote,
  remotes: readonly Remote[],
  inputs: SshClusterInputs,
  work: Work,
): Promise<void> {
  const ranges: PodRange[] = [];
  for (const host of inputs.hosts) {
    ranges.push({ host, range: await podRange(api, host, work) });
  }
  await Promise.all(
    remotes.map(async (remote) => {
      const own = ranges.find(({ host }) => host.name === remote.host.name);
      await remote.write(
        "/etc/cni/net.d/10-mlstack.conflist",
        cniConfig(own?.range ?? ""),
      );
      await remote.write(
        networkFile,
        networkScript(remote.host, ranges, inputs.pods),
      );
      await remote.run(applyNetworkScript, { signal: work.signal });
    }),
  );
}

/** Waits for the nodes that have just come; one that was there before and is not ready is only told of. */
export async function awaitNodes(
  api: Remote,
  joined: readonly Remote[],
  { signal, log }: Work,
): Promise<void> {
  if (joined.length > 0) {
    log("waiting for the nodes to be ready");
    const names = joined.map(({ host }) => `node/${host.name}`).join(" ");
    await api.run(
      `${kubectlOn(api)} wait --for=condition=Ready --timeout=300s ${names}`,
      { signal },
    );
  }
  const states = await api.run(
    `${kubectlOn(api)} get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'`,
    { signal },
  );
  for (const line of states.split("\n").filter(Boolean)) {
    const [name, ready] = line.split(" ");
    if (ready !== "True")
      log(`${name}: is not ready; the cluster works without it`);
  }
}

async function podRange(
  api: Remote,
  host: Host,
  { signal }: Work,
): Promise<string> {
  // A kubelet that has its certificate registers its node a moment later.
  const ask = `${kubectlOn(api)} get node ${host.name} --ignore-not-found -o jsonpath={.spec.podCIDR}`;
  for (let tries = 0; tries < 120; tries++) {
    const range = await api.run(ask, { signal });
    if (range) return range;
    await pause(500, undefined, { signal });
  }
  throw new Error(`${host.name}: no addresses for its pods`);
}
