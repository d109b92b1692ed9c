import { describeProblem } from "../problem";
import type { Host, SshClusterInputs } from "./hosts";
import { factsScript, judge, readFacts } from "./preflight";
import { Remote } from "./ssh";

/** Who makes a cluster, how the work tells of itself, and how it is ended early. */
export interface Work {
  /** Mark on the hosts: what carries another owner's is left alone. */
  readonly owner: string;
  readonly signal: AbortSignal;
  log(message: string): void;
}

/** kubectl on a control-plane host, as its administrator. */
export const kubectl = "kubectl --kubeconfig=/etc/kubernetes/admin.conf";

/** Connects to all of the hosts, or names those that do not answer. */
export async function withHosts<T>(
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
export async function inspect(
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

/** The steps that kubeadm tells of, such as `[etcd] Creating …`. */
export function phases({ host }: Remote, work: Work) {
  return (line: string) => {
    if (/^\[[a-z-]+\]/.test(line)) work.log(`${host.name}: ${line}`);
  };
}
