import { z } from "zod";

import { withoutAwaitingTheEnd } from "../../../components/jobs/run-options";
import type { JobKindName } from "../../../infra/provider/job-status";
import type { StateResource } from "../state/stack-state";

/** A job whose end the program awaits, as the state has its object. */
export interface StateJob {
  readonly kind: JobKindName;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** URN of the object, and of the end of it or of an earlier run where the state has one. */
  readonly urns: readonly string[];
}

/** API path of the jobs of a kind. */
export type JobApi = Pick<StateJob, "kind" | "group" | "version">;

const training = { group: "kubeflow.org", version: "v1" };

/** Kinds of jobs, by the type of their objects in a state. */
export const jobApis: Readonly<Record<string, JobApi>> = {
  "kubernetes:kubeflow.org/v1:PyTorchJob": { kind: "PyTorchJob", ...training },
  "kubernetes:kubeflow.org/v1:TFJob": { kind: "TFJob", ...training },
  "kubernetes:kubeflow.org/v1:XGBoostJob": { kind: "XGBoostJob", ...training },
  "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication": {
    kind: "SparkApplication",
    group: "sparkoperator.k8s.io",
    version: "v1beta2",
  },
  "kubernetes:batch/v1:Job": { kind: "Job", group: "batch", version: "v1" },
};

const objectSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string().default(""),
    annotations: z.record(z.string(), z.string()).prefault({}),
  }),
});

/** Type of the ends of jobs. */
export const jobEndType = "mlstack:index:JobEnd";

/** The awaited jobs of a state. Of a Job that says nothing of it, the Kubernetes plugin itself awaits the end. */
export function jobsOf(resources: readonly StateResource[]): StateJob[] {
  const ends = resources.filter(({ type }) => type === jobEndType);
  return resources.flatMap(({ type, urn, outputs }) => {
    const api = jobApis[type];
    if (api === undefined) return [];
    const { name, namespace, uid, annotations } =
      objectSchema.parse(outputs).metadata;
    const awaited = Object.keys(withoutAwaitingTheEnd).every(
      (key) => key in annotations,
    );
    if (api.kind === "Job" && !awaited) return [];
    const own = ends.filter(
      (end) =>
        end.outputs["namespace"] === namespace && end.outputs["name"] === name,
    );
    return [
      {
        ...api,
        namespace,
        name,
        uid,
        urns: [urn, ...own.map((end) => end.urn)],
      },
    ];
  });
}
