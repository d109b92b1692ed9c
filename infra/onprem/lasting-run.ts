import { posix } from "node:path";

import type { Remote } from "./ssh";
import { phases, type Work } from "./work";

/** Lock of a host, held by what changes it for as long as that runs. */
const lockFile = "/run/mlstack/change.lock";

/** Seconds in which an earlier change comes to its end; kubeadm gives up by itself before. */
const patience = 1200;

/**
 * Runs shell lines on a host to their end, whatever becomes of this run and of its connection: a program that changes a
 * host and is ended half-way, be it by the first line that it cannot print, leaves a host that is of no use to anybody.
 */
export async function runToEnd(
  remote: Remote,
  script: string,
  work: Work,
): Promise<void> {
  await remote.run(lastingScript(script), { onLine: phases(remote, work) });
}

/** Waits for what an earlier run began on a host, and was cut off from. */
export async function awaitEarlierRun(
  remote: Remote,
  { signal }: Work,
): Promise<void> {
  await remote.run(
    `[ ! -e ${lockFile} ] || ! command -v flock >/dev/null || flock -w ${patience} ${lockFile} true || { echo "what an earlier run began has not ended in ${patience} s: look at ps on the host" >&2; exit 1; }`,
    { signal },
  );
}

/**
 * Lines that run others in a session of their own, which writes to a file and holds a lock: whoever looks on may go.
 *
 * @param lock that of the host unless given
 */
export function lastingScript(script: string, lock = lockFile): string {
  return `
mkdir -p ${posix.dirname(lock)}
exec 9>${lock}
flock -w ${patience} 9
output=$(mktemp ${lock}.XXXXXX)
setsid sh -seu >"$output" 2>&1 <<'LASTING' &
(
${script}
) </dev/null
LASTING
lasting=$!
tail --pid=$lasting -s 0.2 -n +1 -f "$output" 9>&- || true
code=0
wait $lasting || code=$?
rm -f "$output"
exit $code
`;
}
