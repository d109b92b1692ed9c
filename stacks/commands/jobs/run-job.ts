import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { BatchV1Api, CoreV1Api, V1Job } from "@kubernetes/client-node";

import { CommandError } from "../cli/command-error";

/**
 * Runs a Job of a command to its end, and takes it away.
 * @returns the last line that it printed
 * @throws {CommandError} with that line, or with what it was killed for
 */
export async function runJob(
  { batch, core }: { readonly batch: BatchV1Api; readonly core: CoreV1Api },
  namespace: string,
  spec: V1Job["spec"],
  seconds: number,
): Promise<string> {
  const name = `command-${randomBytes(4).toString("hex")}`;
  await batch.createNamespacedJob({
    namespace,
    body: { metadata: { name, namespace }, spec },
  });
  try {
    const succeeded = await until(seconds, async () => {
      const { status } = await batch.readNamespacedJobStatus({
        name,
        namespace,
      });
      if ((status?.succeeded ?? 0) > 0) return true;
      return (status?.failed ?? 0) > 0 ? false : undefined;
    });
    const { items } = await core.listNamespacedPod({
      namespace,
      labelSelector: `job-name=${name}`,
    });
    const pod = items[0]?.metadata?.name ?? "";
    const end = items[0]?.status?.containerStatuses?.[0]?.state?.terminated;
    const log = await core.readNamespacedPodLog({ name: pod, namespace });
    const last = log.trim().split("\n").at(-1) ?? "";
    // One that was killed has said nothing, such as one that took more memory than it may.
    if (!succeeded)
      throw new CommandError(last || `${pod}: ${end?.reason ?? "failed"}`);
    return last;
  } finally {
    await batch.deleteNamespacedJob({
      name,
      namespace,
      propagationPolicy: "Background",
    });
  }
}

/** Asks until there is an answer. @throws {CommandError} after so many seconds */
export async function until<Answer>(
  seconds: number,
  ask: () => Promise<Answer | undefined>,
): Promise<Answer> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(500);
  }
  throw new CommandError(`no answer within ${seconds} s`);
}
