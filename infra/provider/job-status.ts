import { z } from "zod";

import { conditionSchema, newest, type Pod } from "./job-pod";

/** A kind of job whose end can be awaited. */
export interface JobKind {
  /** Lower-case plural, as the API's paths have it. */
  readonly plural: string;
  /** Labels of the pods of a job, as a selector. */
  pods(name: string): string;
  state(object: unknown): JobState;
  /** The pod that says how the job went. */
  main(object: unknown, pods: readonly Pod[]): Pod | undefined;
  /** Pods whose first start is told beside the main one's. */
  isExecutor(pod: Pod): boolean;
}

/** State of a job. */
export interface JobState {
  /** In the job's own words. */
  readonly state: string;
  readonly ended?: "succeeded" | "failed";
  /** Why it failed. */
  readonly reason?: string;
  readonly finishedAt?: string;
}

const sparkSchema = z.object({
  spec: z
    .object({
      restartPolicy: z.object({ type: z.string().optional() }).optional(),
    })
    .prefault({}),
  status: z
    .object({
      applicationState: z
        .object({
          state: z.string().prefault(""),
          errorMessage: z.string().optional(),
        })
        .prefault({}),
      driverInfo: z.object({ podName: z.string().optional() }).prefault({}),
      terminationTime: z.string().nullish(),
    })
    .prefault({}),
});

const sparkApplication: JobKind = {
  plural: "sparkapplications",
  pods: (name) => `sparkoperator.k8s.io/app-name=${name}`,
  state(object) {
    const { spec, status } = sparkSchema.parse(object);
    const { state, errorMessage } = status.applicationState;
    const retried = !["Never", undefined].includes(spec.restartPolicy?.type);
    const failed =
      state === "FAILED" || (state === "SUBMISSION_FAILED" && !retried);
    return {
      state: state || "NEW",
      ended:
        state === "COMPLETED" ? "succeeded" : failed ? "failed" : undefined,
      reason: errorMessage,
      finishedAt: status.terminationTime ?? undefined,
    };
  },
  main(object, pods) {
    const { podName } = sparkSchema.parse(object).status.driverInfo;
    return pods.find(
      ({ metadata }) =>
        metadata.name === podName ||
        (!podName && metadata.labels["spark-role"] === "driver"),
    );
  },
  isExecutor: ({ metadata }) => metadata.labels["spark-role"] === "executor",
};

const conditionsSchema = z.object({
  status: z
    .object({
      completionTime: z.string().nullish(),
      conditions: z
        .array(
          conditionSchema.extend({ lastTransitionTime: z.string().nullish() }),
        )
        .nullish(),
    })
    .prefault({}),
});

/** The state of kinds that say it in conditions, of which the last true one counts. */
function stateOfConditions(object: unknown, success: string): JobState {
  const { completionTime, conditions } = conditionsSchema.parse(object).status;
  const holding = (conditions ?? []).filter(({ status }) => status === "True");
  const end = holding.find(({ type }) => type === success || type === "Failed");
  if (!end) return { state: holding.at(-1)?.type ?? "Pending" };
  return {
    state: end.type,
    ended: end.type === success ? "succeeded" : "failed",
    reason: end.message ?? end.reason,
    finishedAt: completionTime ?? end.lastTransitionTime ?? undefined,
  };
}

const batchJob: JobKind = {
  plural: "jobs",
  pods: (name) => `batch.kubernetes.io/job-name=${name}`,
  state: (object) => stateOfConditions(object, "Complete"),
  // A job that was retried has a pod an attempt; the one that succeeded tells.
  main: (_object, pods) =>
    pods.find(({ status }) => status.phase === "Succeeded") ?? newest(pods),
  isExecutor: () => false,
};

const trainingLabel = (name: string) => `training.kubeflow.org/${name}`;

const labelled = (label: string, value: string) => (pod: Pod) =>
  pod.metadata.labels[trainingLabel(label)] === value;

function trainingJob(plural: string): JobKind {
  return {
    plural,
    pods: (name) => `${trainingLabel("job-name")}=${name}`,
    state: (object) => stateOfConditions(object, "Succeeded"),
    main: (_object, pods) =>
      newest(pods.filter(labelled("job-role", "master"))) ??
      newest(pods.filter(labelled("replica-index", "0"))),
    isExecutor: ({ metadata }) =>
      metadata.labels[trainingLabel("job-role")] !== "master",
  };
}

/** The kinds of job whose end can be awaited, by the API's kind. */
export const jobKinds = {
  SparkApplication: sparkApplication,
  Job: batchJob,
  PyTorchJob: trainingJob("pytorchjobs"),
  TFJob: trainingJob("tfjobs"),
  XGBoostJob: trainingJob("xgboostjobs"),
} as const satisfies Readonly<Record<string, JobKind>>;

/** Name of a kind of job. */
export type JobKindName = keyof typeof jobKinds;
