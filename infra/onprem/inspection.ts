import type { Problem } from "../problem";
import type { Host } from "./hosts";
import { awaitEarlierRun } from "./lasting-run";
import {
  type Facts,
  factsScript,
  judge,
  reachScript,
  readFacts,
  readReach,
  sameMachines,
  type Wanted,
} from "./preflight";
import type { Remote } from "./ssh";
import type { Work } from "./work";

/** A host, and what it told of itself. */
export interface InspectedHost {
  readonly remote: Remote;
  readonly facts: Facts;
}

/** Asks every host at once, once nothing changes it any more; nothing is changed. */
export async function inspect(
  remotes: readonly Remote[],
  work: Work,
): Promise<readonly InspectedHost[]> {
  const { signal } = work;
  return Promise.all(
    remotes.map(async (remote) => {
      await awaitEarlierRun(remote, work);
      const began = Date.now();
      const script = factsScript(remote.host.role);
      const output = await remote.run(script, { signal });
      return { remote, facts: readFacts(output, (began + Date.now()) / 2000) };
    }),
  );
}

/** Problems of each host, and between hosts. */
export async function findProblems(
  inspected: readonly InspectedHost[],
  joining: readonly Remote[],
  wanted: Wanted,
  work: Work,
): Promise<readonly Problem[]> {
  const hosts = inspected.map(({ remote }) => remote.host);
  const reached = await Promise.all(
    inspected.map(async ({ remote }) =>
      readReach(remote.host, await reach(remote, hosts, joining, work), hosts),
    ),
  );
  return [
    ...inspected.flatMap(({ remote, facts }) =>
      judge(remote.host, facts, wanted),
    ),
    ...sameMachines(
      inspected.map(({ remote, facts }) => ({ host: remote.host, facts })),
    ),
    ...reached.flat(),
  ];
}

/** Only ways from and to hosts that join are tried: the others are in use. */
async function reach(
  remote: Remote,
  hosts: readonly Host[],
  joining: readonly Remote[],
  { signal }: Work,
): Promise<string> {
  const isNew = joining.includes(remote);
  const targets = isNew ? hosts : joining.map(({ host }) => host);
  if (targets.length === 0) return "";
  return remote.run(reachScript(remote.host, targets), { signal });
}
