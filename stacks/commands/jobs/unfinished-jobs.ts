import { waitingFor } from "../../../infra/provider/job-pod";
import { jobKinds } from "../../../infra/provider/job-status";
import { NodeUseRecord } from "../../../infra/provider/node-use";
import { jobPods } from "../pods/job-pods";
import { clientConfig, type StateResource } from "../state/stack-state";
import { jobEndType, jobsOf } from "./awaited-jobs";
import type { WorkloadReport } from "./workload-report";

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
      .filter(({ type }) => type === jobEndType)
      .map(({ outputs }) => outputs["uid"]),
  );
  const jobs = jobsOf(resources).filter(({ uid }) => !ended.has(uid));
  if (jobs.length === 0) return [];
  const { CoreV1Api, CustomObjectsApi } =
    await import("@kubernetes/client-node");
  const config = await clientConfig(kubeconfig);
  const client = config.makeApiClient(CustomObjectsApi);
  const core = config.makeApiClient(CoreV1Api);
  return Promise.all(
    jobs.map(async (stateJob): Promise<WorkloadReport> => {
      const { kind, group, version, namespace, name } = stateJob;
      const { plural, pods, state: read } = jobKinds[kind];
      const job = { name, kind, namespace, metrics: {}, startup: {} };
      try {
        const found: unknown = await client.getNamespacedCustomObject({
          ...{ group, version, plural, namespace, name },
        });
        const { state, ended, reason } = read(found);
        const its = await jobPods(core, namespace, pods(name));
        if (ended !== undefined) {
          // Spark has deleted the executors by then: what they used is not known.
          const use = new NodeUseRecord((node) =>
            core.readNode({ name: node }),
          );
          await use.note(its);
          return {
            ...job,
            ...{ state, error: reason, failed: ended === "failed" },
            nodeUse: use.uses(),
          };
        }
        const waiting = its.flatMap((pod) => waitingFor(pod) ?? []);
        return {
          ...job,
          state,
          error: reason,
          ...(waiting.length > 0
            ? { waiting: [...new Set(waiting)].join("; ") }
            : {}),
        };
      } catch (error) {
        if (isMissing(error)) {
          return {
            ...job,
            state: "GONE",
            error: "its object was deleted before its end was seen",
            failed: true,
          };
        }
        return {
          ...job,
          state: "UNKNOWN",
          error: error instanceof Error ? error.message : String(error),
        };
      }
    }),
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, "code") === 404;
}
