import { runToEnd } from "./lasting-run";
import type { Remote } from "./ssh";
import { restartScript, staticPods } from "./static-pods";
import type { Work } from "./work";

const day = 24 * 60 * 60 * 1000;

/** Certificates that end within 90 days are renewed by the next update. */
const renewBefore = 90 * day;

/** Whether certificates that end at an ISO instant are due; false where the instant is not known. */
export function isDue(expiry: string, now: Date): boolean {
  return Date.parse(expiry) - now.getTime() < renewBefore;
}

/** Renews the certificates that are due, one host after the other, and gives the instant at which the first one ends. */
export async function renewCertificates(
  controlPlane: readonly Remote[],
  now: Date,
  work: Work,
): Promise<string> {
  const ends: string[] = [];
  for (const remote of controlPlane) {
    const end = await certificateEnd(remote, work);
    if (!isDue(end, now)) {
      ends.push(end);
      continue;
    }
    work.signal.throwIfAborted();
    work.log(`${remote.host.name}: certificates end at ${end}: renew`);
    await runToEnd(remote, renewScript, work);
    ends.push(await certificateEnd(remote, work));
  }
  return ends.sort()[0] ?? "";
}

/** ISO instant at which the first of a control-plane host's certificates ends. */
export async function certificateEnd(
  remote: Remote,
  { signal }: Work,
): Promise<string> {
  return firstEnd(
    await remote.run("kubeadm certs check-expiration -o json", { signal }),
  );
}

/** Reads what `kubeadm certs check-expiration` prints; what kubeadm does not manage, it cannot renew either. */
export function firstEnd(output: string): string {
  const { certificates } = JSON.parse(output.slice(output.indexOf("{"))) as {
    certificates: readonly {
      readonly expirationDate: string | null;
      readonly externallyManaged: boolean;
      readonly missing?: boolean;
    }[];
  };
  const ends = certificates.flatMap(
    ({ expirationDate, externallyManaged, missing }) =>
      expirationDate && !externallyManaged && !missing ? [expirationDate] : [],
  );
  return ends.sort()[0] ?? "";
}

/** Shell lines that renew certificates, and restart the processes that hold the old ones in memory. */
const renewScript = `kubeadm certs renew all\n${restartScript(...staticPods)}`;
