import { z } from "zod";

import { versionLabel } from "../../components/pipeline-labels";
import { jobKinds } from "../../infra/provider/job-status";
import type { WorkloadReport } from "./report";
import { clientConfig, type StateResource } from "./stack-state";

/** Kinds of job whose state is asked for; a Job is a workload when it runs a pipeline. */
const awaited = {
  "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication": {
    kind: "SparkApplication",
    group: "sparkoperator.k8s.io",
    version: "v1beta2",
    label: undefined,
  },
  "kubernetes:batch/v1:Job": {
    kind: "Job",
    group: "batch",
    version: "v1",
    label: versionLabel,
  },
} as const;

const metadata = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string().optional(),
    labels: z.record(z.string(), z.string()).prefault({}),
  }),
});

/**
 * Jobs that `up` made but whose end it did not see: the cluster says how they stand. The end of an earlier job of the
 * same name is still in the state where the one that took its place has failed.
 */
export async function readUnfinished(
  kubeconfig: string,
  resources: readonly StateResource[],
): Promise<WorkloadReport[]> {
  const ended = new Set(
    resources
      .filter(({ type }) => type === "mlstack:index:JobEnd")
      .map(
        ({ outputs }) =>
          `${outputs["namespace"]}/${outputs["name"]}/${outputs["uid"]}`,
      ),
  );
  const jobs = resources.flatMap(({ type, outputs }) => {
    if (!(type in awaited)) return [];
    const api = awaited[type as keyof typeof awaited];
    const { name, namespace, uid, labels } = metadata.parse(outputs).metadata;
    const unasked = api.label !== undefined && !(api.label in labels);
    if (unasked || ended.has(`${namespace}/${name}/${uid}`)) return [];
    return [{ api, name, namespace }];
  });
  if (jobs.length === 0) return [];
  const { CustomObjectsApi } = await import("@kubernetes/client-node");
  const config = await clientConfig(kubeconfig);
  const client = config.makeApiClient(CustomObjectsApi);
  return Promise.all(
    jobs.map(async ({ api, namespace, name }): Promise<WorkloadReport> => {
      const { kind, group, version } = api;
      const { plural, state: read } = jobKinds[kind];
      const job = { name, kind, namespace, metrics: {}, startup: {} };
      try {
        const found: unknown = await client.getNamespacedCustomObject({
          ...{ group, version, plural, namespace, name },
        });
        const { state, reason } = read(found);
        return { ...job, state, error: reason };
      } catch (error) {
        return {
          ...job,
          state: "UNKNOWN",
          error: error instanceof Error ? error.message : String(error),
        };
      }
    }),
  );
}
