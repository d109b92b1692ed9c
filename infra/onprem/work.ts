import { describeProblem, type Problem } from "../problem";
import type { Host, SshLogin } from "./hosts";
import { Remote } from "./ssh";

/** Owner of a cluster operation, how it reports progress, and how it is cancelled. */
export interface Work {
  /** URN of the cluster's resource. */
  readonly owner: string;
  readonly signal: AbortSignal;
  log(message: string): void;
}

/** kubectl on a control-plane host, as its administrator and by its own API server, whatever is in front of it. */
export function kubectlOn({ host }: Remote): string {
  return `kubectl --kubeconfig=/etc/kubernetes/admin.conf --server=https://${host.address}:6443`;
}

/**
 * Line that makes a call of kubectl which may be made twice, for up to two minutes until it succeeds. A new kubelet
 * restarts its host's API server, which answers nobody at first, and then "forbidden" until it has read its roles.
 */
export function untilAnswered(call: string): string {
  return `for try in $(seq 60); do ${call} 2>/dev/null && exit 0; sleep 2; done\n${call}`;
}

/** Hosts as they answered. */
export interface Connections {
  readonly remotes: readonly Remote[];
  readonly silent: readonly {
    readonly host: Host;
    /** Names the host, and what to check. */
    readonly reason: string;
  }[];
}

/** Connects to hosts, and reports every host key that nothing but the host itself vouches for. */
export async function withConnections<T>(
  hosts: readonly Host[],
  login: SshLogin,
  work: Work,
  use: (connections: Connections) => Promise<T>,
): Promise<T> {
  const tries = await Promise.all(
    hosts.map((host) =>
      Remote.connect(host, login, work.signal).then(
        (remote) => ({ remote }),
        (error: Error) => ({ host, reason: error.message }),
      ),
    ),
  );
  const remotes = tries.flatMap((one) => ("remote" in one ? [one.remote] : []));
  const silent = tries.flatMap((one) => ("remote" in one ? [] : [one]));
  try {
    for (const { host, fingerprint, firstSeen } of remotes) {
      if (!firstSeen) continue;
      work.log(`${host.name}: ${fingerprint} (seen for the first time)`);
    }
    return await use({ remotes, silent });
  } finally {
    for (const remote of remotes) remote.close();
  }
}

/** Throws with every host that had to answer and did not. */
export function requireAll(
  { silent }: Connections,
  mayBeSilent: (host: Host) => boolean = () => false,
): void {
  const missing = silent.filter(({ host }) => !mayBeSilent(host));
  if (missing.length === 0) return;
  throw new Error(missing.map(({ reason }) => reason).join("\n"));
}

/** Throws with all that is wrong, before anything is changed. */
export function refuse(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw new Error(
    ["no host was changed:", ...problems.map(describeProblem)].join("\n  "),
  );
}

/** The steps that kubeadm reports, such as `[etcd] Creating …` and `[upgrade/staticpods] Moving …`. */
export function phases({ host }: Remote, work: Work) {
  return (line: string) => {
    if (/^\[[a-z/-]+\]/.test(line)) work.log(`${host.name}: ${line}`);
  };
}
