import type { CoreV1Api } from "@kubernetes/client-node";

import { type Pod, podSchema } from "../../../infra/provider/job-pod";

/** Pods that a label selects, as a job's pods are looked at. */
export async function jobPods(
  core: CoreV1Api,
  namespace: string,
  labelSelector: string,
): Promise<Pod[]> {
  const { items } = await core.listNamespacedPod({ namespace, labelSelector });
  // The client makes dates of instants; JSON makes text of them again.
  return items.map((pod) => podSchema.parse(JSON.parse(JSON.stringify(pod))));
}
