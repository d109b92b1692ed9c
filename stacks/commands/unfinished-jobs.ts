import { z } from "zod";

import { versionLabel } from "../../components/pipeline-labels";
import { waitingFor } from "../../infra/provider/job-pod";
import { jobKinds } from "../../infra/provider/job-status";
import { jobPods } from "./job-pods";
import { clientConfig, type StateResource } from "./stack-state";
import type { WorkloadReport } from "./workload-report";

const training = { group: "kubeflow.org", version: "v1", label: undefined };

/** Kinds of job whose state is asked for; a Job is a workload when it runs a pipeline. */
const awaited = {
  "kubernetes:kubeflow.org/v1:PyTorchJob": { kind: "PyTorchJob", ...training },
  "kubernetes:kubeflow.org/v1:TFJob": { kind: "TFJob", ...training },
  "kubernetes:kubeflow.org/v1:XGBoostJob": { kind: "XGBoostJob", ...training },
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
  const { CoreV1Api, CustomObjectsApi } =
    await import("@kubernetes/client-node");
  const config = await clientConfig(kubeconfig);
  const client = config.makeApiClient(CustomObjectsApi);
  const core = config.makeApiClient(CoreV1Api);
  return Promise.all(
    jobs.map(async ({ api, namespace, name }): Promise<WorkloadReport> => {
      const { kind, group, version } = api;
      const { plural, pods, state: read } = jobKinds[kind];
      const job = { name, kind, namespace, metrics: {}, startup: {} };
      try {
        const found: unknown = await client.getNamespacedCustomObject({
          ...{ group, version, plural, namespace, name },
        });
        const { state, ended, reason } = read(found);
        if (ended !== undefined) return { ...job, state, error: reason };
        const waiting = (await jobPods(core, namespace, pods(name))).flatMap(
          (pod) => waitingFor(pod) ?? [],
        );
        return {
          ...job,
          state,
          error: reason,
          ...(waiting.length > 0
            ? { waiting: [...new Set(waiting)].join("; ") }
            : {}),
        };
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
