import type { CoreV1Api } from "@kubernetes/client-node";

import { resultOf } from "../../../infra/provider/job-pod";
import { type JobKindName, jobKinds } from "../../../infra/provider/job-status";
import { jobPods } from "../pods/job-pods";

/** Kind, namespace and name of a job. */
export interface JobPlace {
  readonly kind: JobKindName;
  readonly namespace: string;
  readonly name: string;
}

/** The pod that says how a job went, once there is one. @param object the job as the cluster has it */
export async function mainPod(
  core: CoreV1Api,
  { kind, namespace, name }: JobPlace,
  object: unknown,
) {
  const pods = await jobPods(core, namespace, jobKinds[kind].pods(name));
  return jobKinds[kind].main(object, pods);
}

/** Result of a job that has ended, and the last lines of its log. */
export async function storyOf(
  core: CoreV1Api,
  place: JobPlace,
  object: unknown,
  lines = 15,
): Promise<{ readonly result: object; readonly log: readonly string[] }> {
  const pod = await mainPod(core, place, object);
  if (pod === undefined) return { result: {}, log: [] };
  const text = await core
    .readNamespacedPodLog({
      name: pod.metadata.name,
      namespace: place.namespace,
      container: pod.status.containerStatuses[0]?.name,
      tailLines: lines * 2,
    })
    .catch(() => "");
  const log = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-lines);
  return { result: resultOf(pod), log };
}
