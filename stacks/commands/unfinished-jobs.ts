import { z } from "zod";

import type { WorkloadReport } from "./report";
import type { StateResource } from "./stack-state";

const jobType = "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication";

const metadata = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
});

const application = z.object({
  status: z
    .object({
      applicationState: z
        .object({ state: z.string(), errorMessage: z.string().optional() })
        .optional(),
    })
    .optional(),
});

/** Jobs that `up` made but whose end it did not see: the cluster says how they stand. */
export async function readUnfinished(
  kubeconfig: string,
  resources: readonly StateResource[],
): Promise<WorkloadReport[]> {
  const ended = new Set(
    resources
      .filter(({ type }) => type === "mlstack:index:JobEnd")
      .map(({ outputs }) => `${outputs["namespace"]}/${outputs["name"]}`),
  );
  const jobs = resources
    .filter(({ type }) => type === jobType)
    .map(({ outputs }) => metadata.parse(outputs).metadata)
    .filter(({ namespace, name }) => !ended.has(`${namespace}/${name}`));
  if (jobs.length === 0) return [];
  const { CustomObjectsApi, KubeConfig } =
    await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const api = config.makeApiClient(CustomObjectsApi);
  return Promise.all(
    jobs.map(async ({ namespace, name }): Promise<WorkloadReport> => {
      const job = { name, kind: "SparkApplication", namespace };
      try {
        const state = application.parse(
          await api.getNamespacedCustomObject({
            group: "sparkoperator.k8s.io",
            version: "v1beta2",
            plural: "sparkapplications",
            namespace,
            name,
          }),
        ).status?.applicationState;
        return {
          ...job,
          state: state?.state || "NEW",
          metrics: {},
          startup: {},
          error: state?.errorMessage,
        };
      } catch (error) {
        return {
          ...job,
          state: "UNKNOWN",
          metrics: {},
          startup: {},
          error: error instanceof Error ? error.message : String(error),
        };
      }
    }),
  );
}
