import { createHash, X509Certificate } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import { describeProblem } from "../problem";
import {
  compareHosts,
  controlPlaneOf,
  type Host,
  inOrder,
  type SshClusterInputs,
} from "./hosts";
import {
  documentFile,
  initDocuments,
  type Invitation,
  joinDocument,
  markFile,
  resetScript,
} from "./kubeadm";
import {
  applyNetworkScript,
  cniConfig,
  forwardingLines,
  networkFile,
  networkScript,
  type PodRange,
} from "./network";
import { factsScript, judge, readFacts } from "./preflight";
import { Remote } from "./ssh";

/** Who makes a cluster, how the work tells of itself, and how it is ended early. */
export interface Work {
  /** Mark on the hosts: what carries another owner's is left alone. */
  readonly owner: string;
  readonly signal: AbortSignal;
  log(message: string): void;
}

/** A cluster that stands. */
export interface SshClusterState {
  readonly kubeconfig: string;
  /** Keys that the hosts showed, by name. */
  readonly fingerprints: Readonly<Record<string, string>>;
}

const adminConfig = "/etc/kubernetes/admin.conf";
const kubectl = `kubectl --kubeconfig=${adminConfig}`;

/** Makes a cluster. Nothing is changed on any host before all of them are found fit; a failure leaves none changed. */
export async function createSshCluster(
  inputs: SshClusterInputs,
  work: Work,
): Promise<SshClusterState> {
  const hosts = inOrder(inputs.hosts);
  return withHosts(hosts, work, async (remotes) => {
    const marked = await inspect(remotes, inputs, work);
    try {
      // What an earlier run of this stack began is begun anew: no host can then be in a state between two.
      for (const remote of marked) await reset(remote, work);
      const [first, ...others] = remotes;
      if (!first) throw new Error("no hosts");
      await init(first, inputs, work, `1/${hosts.length}`);
      await joinAll(first, others, inputs, work);
      return await finish(first, remotes, inputs, work);
    } catch (error) {
      work.log("taking off what was put on the hosts");
      for (const remote of [...remotes].reverse()) {
        await reset(remote, work).catch((failure: unknown) =>
          work.log(`${remote.host.name}: ${String(failure)}`),
        );
      }
      throw error;
    }
  });
}

/** Brings a cluster to other hosts, or to another version, in place. */
export async function updateSshCluster(
  olds: SshClusterInputs,
  news: SshClusterInputs,
  work: Work,
): Promise<SshClusterState> {
  const { removed, added, kept } = compareHosts(olds.hosts, news.hosts);
  const hosts = inOrder(news.hosts);
  return withHosts(hosts, work, async (remotes) => {
    const isAdded = ({ host }: Remote) => added.includes(host);
    const marked = await inspect(remotes, news, work);
    const first = remotes.find(
      ({ host }) => kept.includes(host) && host.role === "control-plane",
    );
    if (!first) throw new Error("no control-plane host stays");
    if (olds.version !== news.version) {
      await upgrade(
        first,
        remotes.filter((remote) => !isAdded(remote)),
        news,
        work,
      );
    }
    for (const host of removed) await remove(first, host, work);
    // Begun by an update that did not come to its end.
    for (const remote of marked.filter(isAdded)) await reset(remote, work);
    await joinAll(first, remotes.filter(isAdded), news, work);
    return finish(first, remotes, news, work);
  });
}

/** Takes a cluster off its hosts, workers first. */
export async function deleteSshCluster(
  inputs: SshClusterInputs,
  work: Work,
): Promise<void> {
  const hosts = [...inOrder(inputs.hosts)].reverse();
  await withHosts(hosts, work, async (remotes) => {
    for (const [index, remote] of remotes.entries()) {
      work.log(`${index + 1}/${hosts.length} ${remote.host.name}: reset`);
      await reset(remote, work);
    }
  });
}

/** The cluster as its first host knows it; undefined where that is in no cluster of this owner. */
export async function readSshCluster(
  inputs: SshClusterInputs,
  work: Work,
): Promise<SshClusterState | undefined> {
  const hosts = controlPlaneOf(inputs.hosts).slice(0, 1);
  return withHosts(hosts, work, async ([first]) => {
    const mark = await first?.run(`cat ${markFile} 2>/dev/null || true`);
    if (!first || mark?.trim() !== work.owner) return undefined;
    const fingerprints = { [first.host.name]: first.fingerprint };
    return { kubeconfig: await kubeconfig(first), fingerprints };
  });
}

async function withHosts<T>(
  hosts: readonly Host[],
  work: Work,
  use: (remotes: readonly Remote[]) => Promise<T>,
): Promise<T> {
  const tries = await Promise.allSettled(
    hosts.map((host) => Remote.connect(host, work.signal)),
  );
  const remotes = tries.flatMap((result) =>
    result.status === "fulfilled" ? [result.value] : [],
  );
  try {
    const failed = tries.flatMap((result) =>
      result.status === "rejected" ? [String(result.reason.message)] : [],
    );
    if (failed.length > 0) throw new Error(failed.join("\n"));
    return await use(remotes);
  } finally {
    for (const remote of remotes) remote.close();
  }
}

/** Looks at every host; throws with all that is wrong, else gives those that carry the owner's mark. */
async function inspect(
  remotes: readonly Remote[],
  { version }: SshClusterInputs,
  work: Work,
): Promise<readonly Remote[]> {
  const looked = await Promise.all(
    remotes.map(async (remote) => {
      const began = Date.now();
      const output = await remote.run(factsScript(remote.host.role), work);
      const facts = readFacts(output, (began + Date.now()) / 2000);
      const wanted = { version, owner: work.owner };
      return { remote, facts, problems: judge(remote.host, facts, wanted) };
    }),
  );
  const problems = looked.flatMap((each) => each.problems);
  if (problems.length > 0) {
    throw new Error(
      ["no host was changed:", ...problems.map(describeProblem)].join("\n  "),
    );
  }
  return looked
    .filter(({ facts }) => facts.cluster === work.owner)
    .map(({ remote }) => remote);
}

async function prepare(remote: Remote, work: Work): Promise<void> {
  await remote.write(markFile, `${work.owner}\n`);
  await remote.run(forwardingLines, work);
}

async function init(
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

async function joinAll(
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
async function finish(
  first: Remote,
  remotes: readonly Remote[],
  inputs: SshClusterInputs,
  work: Work,
): Promise<SshClusterState> {
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
  const fingerprints = Object.fromEntries(
    remotes.map(({ host, fingerprint }) => [host.name, fingerprint]),
  );
  return { kubeconfig: await kubeconfig(first), fingerprints };
}

async function podRange(
  first: Remote,
  host: Host,
  { signal }: Work,
): Promise<string> {
  const ask = `${kubectl} get node ${host.name} -o jsonpath={.spec.podCIDR}`;
  for (let tries = 0; tries < 120; tries++) {
    const range = await first.run(ask, { signal });
    if (range) return range;
    await pause(500, undefined, { signal });
  }
  throw new Error(`${host.name}: no addresses for its pods`);
}

/** Moves a host's pods elsewhere and takes it out; one that no longer answers is only forgotten. */
async function remove(first: Remote, host: Host, work: Work): Promise<void> {
  const { signal } = work;
  work.log(`${host.name}: drain`);
  const remote = await Remote.connect(host, signal).catch(() => undefined);
  const patience = remote ? 300 : 15;
  await first
    .run(
      `${kubectl} drain ${host.name} --ignore-daemonsets --delete-emptydir-data --timeout=${patience}s`,
      { signal },
    )
    .catch((error: unknown) => work.log(String(error)));
  if (remote) await reset(remote, work).finally(() => remote.close());
  else work.log(`${host.name}: does not answer; it keeps what is on it`);
  await first.run(`${kubectl} delete node ${host.name} --ignore-not-found`, {
    signal,
  });
}

/** Host by host, the control plane first; the hosts have the new kubeadm and kubelet already, or inspection fails. */
async function upgrade(
  first: Remote,
  remotes: readonly Remote[],
  { version }: SshClusterInputs,
  work: Work,
): Promise<void> {
  for (const [index, remote] of remotes.entries()) {
    const { name } = remote.host;
    work.log(`${index + 1}/${remotes.length} ${name}: upgrade to ${version}`);
    const how = remote === first ? `apply v${version} --yes` : "node";
    await first.run(
      `${kubectl} drain ${name} --ignore-daemonsets --delete-emptydir-data --timeout=300s`,
      work,
    );
    await remote.run(
      `kubeadm upgrade ${how}\nsystemctl daemon-reload\nsystemctl restart kubelet`,
      { signal: work.signal, onLine: phases(remote, work) },
    );
    await first.run(`${kubectl} uncordon ${name}`, work);
  }
}

async function reset(remote: Remote, work: Work): Promise<void> {
  // Not ended early: a host between two states is of no use to anybody.
  await remote.run(resetScript(work.owner), { onLine: phases(remote, work) });
}

async function kubeconfig(first: Remote): Promise<string> {
  return first.run(`cat ${adminConfig}`);
}

/** The steps that kubeadm tells of, such as `[etcd] Creating …`. */
function phases({ host }: Remote, work: Work) {
  return (line: string) => {
    if (/^\[[a-z-]+\]/.test(line)) work.log(`${host.name}: ${line}`);
  };
}
