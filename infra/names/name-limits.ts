import { fitted } from "./naming";
import type { Problem } from "../problem";

/** Maximum length of a name, given the names that are derived from it. */
export interface NameLimit {
  /** Pulumi type of the resource. */
  readonly type: string;
  /** Path of the input that holds the name; without it, Pulumi derives the name from the resource's own. */
  readonly input?: string;
  /** Longest name, in characters. */
  readonly longest: number;
  /** Names derived from it, and their limits. */
  readonly because: string;
  readonly reference: string;
}

/** Characters that Pulumi appends to a resource's own name: a hyphen and seven random digits. */
const appended = 8;

const objectNames =
  "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/";

/** A Kubernetes object. */
const object = (
  type: string,
  longest: number,
  because: string,
  reference: string = objectNames,
): NameLimit => ({
  type: `kubernetes:${type}`,
  input: "metadata.name",
  longest,
  because,
  reference,
});

/** A cloud's resource whose name is an input. */
export const given = (
  type: string,
  input: string,
  longest: number,
  reference: string,
): NameLimit => ({
  ...{ type, input, longest, reference },
  because: `the cloud takes ${longest}`,
});

/** A cloud's resource whose name Pulumi derives. */
export const derived = (
  type: string,
  longest: number,
  reference: string,
): NameLimit => ({
  ...{ type, reference },
  longest: longest - appended,
  because: `the cloud takes ${longest}, of which Pulumi appends ${appended}`,
});

const replicas = [
  52,
  "a replica's pod and Service are NAME-worker-999, 11 characters more, of 63",
  "training-operator 1.9.4, pkg/core/pod.go, GenGeneralName",
] as const;

/** Names that something else derives names from, or that a name space limits. */
export const nameLimits = {
  Namespace: object("core/v1:Namespace", 63, "it is a DNS label"),
  Service: object("core/v1:Service", 63, "it is a DNS label"),
  Job: object("batch/v1:Job", 63, "it is a label of its pods"),
  CronJob: object(
    "batch/v1:CronJob",
    52,
    "its Jobs are NAME-MINUTES, 11 characters more, of 63",
    "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/",
  ),
  StatefulSet: object(
    "apps/v1:StatefulSet",
    52,
    "the label controller-revision-hash of its pods is NAME-HASH, 11 characters more, of 63",
    "https://github.com/kubernetes/kubernetes/issues/64023",
  ),
  Deployment: object("apps/v1:Deployment", 63, "it is a label of its pods"),
  SparkApplication: object(
    "sparkoperator.k8s.io/v1beta2:SparkApplication",
    63,
    "the operator's webhook takes a DNS label",
    "spark-operator 2.5.1, internal/webhook/sparkapplication_validator.go, validateName",
  ),
  ScheduledSparkApplication: object(
    "sparkoperator.k8s.io/v1beta2:ScheduledSparkApplication",
    43,
    "its runs are NAME-UNIXNANO, 20 characters more, of 63",
    "spark-operator 2.5.1, internal/controller/scheduledsparkapplication/controller.go, createSparkApplication",
  ),
  PyTorchJob: object("kubeflow.org/v1:PyTorchJob", ...replicas),
  TFJob: object("kubeflow.org/v1:TFJob", ...replicas),
  XGBoostJob: object("kubeflow.org/v1:XGBoostJob", ...replicas),
  Notebook: object(
    "kubeflow.org/v1:Notebook",
    52,
    "its StatefulSet has the same name",
    "kubeflow 1.10, components/notebook-controller/controllers/notebook_controller.go, generateStatefulSet",
  ),
  Profile: object(
    "kubeflow.org/v1:Profile",
    63,
    "its namespace has the same name",
    "kubeflow 1.10, components/profile-controller/controllers/profile_controller.go",
  ),
  InferenceService: object(
    "serving.kserve.io/v1beta1:InferenceService",
    53,
    "its Service is NAME-predictor, 10 characters more, of 63",
    "kserve 0.15.2, pkg/constants/constants.go, PredictorServiceName",
  ),
  Release: {
    type: "kubernetes:helm.sh/v3:Release",
    input: "name",
    longest: 53,
    because: "charts append to it in labels of 63",
    reference: "helm 3.19.5, pkg/chartutil/validate_name.go",
  },
} as const satisfies Readonly<Record<string, NameLimit>>;

/** A kind whose names are limited. */
export type NamedKind = keyof typeof nameLimits;

/**
 * A name of a kind that fits whatever derives names from it: unchanged where it fits, else shortened, with a digest of
 * what was cut.
 *
 * @param suffix last part of the name, kept whole
 */
export function nameFor(
  kind: NamedKind,
  name: string,
  suffix?: string,
): string {
  return nameWithin(nameLimits[kind], name, suffix);
}

/** The same for a limit of a target's own. */
export function nameWithin(
  { longest }: Pick<NameLimit, "longest">,
  name: string,
  suffix?: string,
): string {
  return suffix === undefined
    ? fitted(name, longest)
    : `${fitted(name, longest - suffix.length - 1)}-${suffix}`;
}

/** Names of a resource that are longer than what derives names from them takes; a name that is not known yet is not judged. */
export function checkName(
  type: string,
  name: string,
  inputs: Readonly<Record<string, unknown>>,
  ofTargets: readonly NameLimit[],
): readonly Problem[] {
  const limits = [...Object.values<NameLimit>(nameLimits), ...ofTargets];
  return limits.flatMap((limit) => {
    if (limit.type !== type) return [];
    const { input, longest, because, reference } = limit;
    const found = input === undefined ? name : at(inputs, input.split("."));
    if (typeof found !== "string" || found.length <= longest) return [];
    return [
      {
        path: `${type} ${name}${input === undefined ? "" : `: ${input}`}`,
        value: found,
        remedy: `write ${longest} characters or fewer: ${because} (${reference})`,
      },
    ];
  });
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? Reflect.get(inner, key)
        : undefined,
    value,
  );
}
