import {
  at,
  equal,
  listAt,
  numberAt,
  propertiesAt,
  textAt,
  type Properties,
} from "../plugin/value";
import type { GroupVersionKind } from "./naming";

/** What an object's state says about its readiness. */
export interface Verdict {
  readonly ready: boolean;
  /** What stands in the way, for the user; kept with the failed resource. */
  readonly reasons: readonly string[];
  /** Shown while waiting. */
  readonly progress?: string;
  /** Whether waiting longer is of no use. */
  readonly hopeless?: boolean;
  /** Milliseconds that a ready state must last. */
  readonly settle?: number;
}

/** Reads what belongs to an object. */
export interface Related {
  /** Pods, by the labels that their owner selects. */
  pods(selector: Properties): Promise<readonly Properties[]>;
  read(
    kind: GroupVersionKind,
    namespace: string | undefined,
    name: string,
  ): Promise<Properties | undefined>;
}

/** Judges an object; `former` is what it was before an update. */
export type Judge = (
  object: Properties,
  related: Related,
  former?: Properties,
) => Verdict | Promise<Verdict>;

const ready: Verdict = { ready: true, reasons: [] };

function condition(object: Properties, type: string): Properties {
  const found = listAt(object, "status", "conditions").find(
    (item) => textAt(item, "type") === type,
  );
  return propertiesAt(found);
}

/** `[Reason] message` of a condition. */
function explained(item: Properties): string[] {
  const reason = textAt(item, "reason");
  const message = textAt(item, "message");
  return reason && message ? [`[${reason}] ${message}`] : [];
}

/** Whether the controller has seen the newest form of an object. */
function observed(object: Properties): boolean {
  const generation = numberAt(object, "metadata", "generation");
  const seen = numberAt(object, "status", "observedGeneration");
  return seen !== undefined && seen >= (generation ?? 0);
}

const judgeDeployment: Judge = async (deployment, related) => {
  const revision = textAt(
    deployment,
    "metadata",
    "annotations",
    "deployment.kubernetes.io/revision",
  );
  const wanted = numberAt(deployment, "spec", "replicas") ?? 1;
  const updated = numberAt(deployment, "status", "updatedReplicas") ?? 0;
  const live = numberAt(deployment, "status", "readyReplicas") ?? 0;
  const available = condition(deployment, "Available");
  const progressing = condition(deployment, "Progressing");
  const isAvailable = available.status === "True";
  const rolledOut =
    revision === "1" ||
    (progressing.status === "True" &&
      progressing.reason === "NewReplicaSetAvailable");
  const replicasReady = updated >= wanted && live >= wanted;
  if (observed(deployment) && isAvailable && rolledOut && replicasReady) {
    return ready;
  }
  const reasons = [
    ...(isAvailable ? [] : explained(available)),
    ...(progressing.status === "True" ? [] : explained(progressing)),
  ];
  if (!isAvailable) {
    reasons.push("Minimum number of live Pods was not attained");
  } else if (!rolledOut || revision === "1") {
    reasons.push(
      "Minimum number of Pods to consider the application live was not attained",
    );
  } else {
    reasons.push(
      "Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live",
    );
  }
  return {
    ready: false,
    reasons: [...reasons, ...(await podReasons(deployment, related))],
    progress: `Waiting for app ReplicaSet to be available (${live}/${wanted} Pods available)`,
  };
};

const judgeStatefulSet: Judge = async (set, related) => {
  const status = propertiesAt(set, "status");
  const wanted = numberAt(set, "spec", "replicas") ?? 1;
  const live = numberAt(status, "readyReplicas") ?? 0;
  const current = textAt(status, "currentRevision");
  const update = textAt(status, "updateRevision");
  const onDelete =
    textAt(set, "spec", "updateStrategy", "type") === "OnDelete" &&
    (numberAt(set, "metadata", "generation") ?? 1) > 1;
  const revisionReady = onDelete || (!!current && current === update);
  const replicasReady =
    wanted === (numberAt(status, "replicas") ?? 0) &&
    wanted === live &&
    (onDelete || wanted === (numberAt(status, "currentReplicas") ?? 0));
  if (observed(set) && revisionReady && replicasReady) return ready;
  return {
    ready: false,
    reasons: [
      ...(replicasReady
        ? []
        : [`${live} out of ${wanted} replicas succeeded readiness checks`]),
      ...(revisionReady
        ? []
        : [
            `StatefulSet controller failed to advance from revision "${current}" to revision "${update}"`,
          ]),
      ...(await podReasons(set, related)),
    ],
    progress: `Waiting for StatefulSet to create Pods (${live}/${wanted} Pods ready)`,
  };
};

const judgeDaemonSet: Judge = async (set, related) => {
  const status = propertiesAt(set, "status");
  const wanted = numberAt(status, "desiredNumberScheduled");
  const counts = [
    "currentNumberScheduled",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberReady",
  ].map((key) => numberAt(status, key) ?? 0);
  if (observed(set) && counts.every((count) => count >= (wanted ?? 0))) {
    return ready;
  }
  return {
    ready: false,
    reasons: await podReasons(set, related),
    progress: `Waiting for DaemonSet (${counts.at(-1)}/${wanted ?? 0} Pods ready)`,
  };
};

const judgeJob: Judge = async (job, related) => {
  if (condition(job, "Complete").status === "True") return ready;
  const failed = condition(job, "Failed");
  const pods = await podReasons(job, related);
  return failed.status === "True"
    ? { ready: false, reasons: [...pods, ...explained(failed)], hopeless: true }
    : { ready: false, reasons: pods, progress: "Waiting for Job to complete" };
};

const judgePod: Judge = (pod) => {
  const isReady =
    condition(pod, "Ready").status === "True" ||
    textAt(pod, "status", "phase") === "Succeeded";
  return isReady
    ? ready
    : {
        ready: false,
        reasons: reasonsOf(pod),
        progress: `Waiting for Pod "${textAt(pod, "metadata", "name")}" to be ready`,
      };
};

const judgeClaim: Judge = async (claim, related, former) => {
  const phase = textAt(claim, "status", "phase");
  if (phase === "Bound") return ready;
  const name = textAt(claim, "spec", "storageClassName");
  const storageClass =
    !former && name
      ? await related.read(
          { apiVersion: "storage.k8s.io/v1", kind: "StorageClass" },
          undefined,
          name,
        )
      : undefined;
  // Such a claim is bound by the first pod that uses it.
  return textAt(storageClass, "volumeBindingMode") === "WaitForFirstConsumer" &&
    phase === "Pending"
    ? ready
    : { ready: false, reasons: [], progress: "Waiting for claim to be bound" };
};

const judgeService: Judge = async (service, related) => {
  const type = textAt(service, "spec", "type") ?? "ClusterIP";
  const allocated =
    type !== "LoadBalancer" ||
    listAt(service, "status", "loadBalancer", "ingress").length > 0;
  const unallocated = allocated
    ? []
    : [
        "Service was not allocated an IP address; does your cloud provider support this?",
      ];
  const selects = Object.keys(propertiesAt(service, "spec", "selector")).length;
  const headless = textAt(service, "spec", "clusterIP") === "None";
  if (headless || type === "ExternalName" || selects === 0) {
    return { ready: allocated, reasons: unallocated };
  }
  const endpoints = await related.read(
    { apiVersion: "v1", kind: "Endpoints" },
    textAt(service, "metadata", "namespace"),
    textAt(service, "metadata", "name") ?? "",
  );
  const subsets = listAt(endpoints, "subsets");
  const has = (key: string): boolean =>
    subsets.some((subset) => listAt(subset, key).length > 0);
  return {
    ready: allocated && endpoints !== undefined && !has("notReadyAddresses"),
    reasons: has("addresses")
      ? unallocated
      : [
          "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match labels on any Pods",
          ...unallocated,
        ],
    progress: "Waiting for Service to find its Pods",
    // Pods that are still to come are waited for; those that are there do not leave at once.
    settle: has("addresses") ? 1_000 : 10_000,
  };
};

const judgeVolume: Judge = (volume) => ({
  ready: ["Available", "Bound"].includes(
    textAt(volume, "status", "phase") ?? "",
  ),
  reasons: [],
});

const judgeQuota: Judge = (quota) => ({
  ready: equal(at(quota, "spec", "hard"), at(quota, "status", "hard")),
  reasons: [],
});

const judgeDefinition: Judge = (definition) => ({
  ready: condition(definition, "Established").status === "True",
  reasons: explained(condition(definition, "NamesAccepted")),
  progress: "Waiting for the definition to be established",
});

const judgeController: Judge = (controller) => {
  const wanted = numberAt(controller, "spec", "replicas") ?? 1;
  const live = numberAt(controller, "status", "availableReplicas") ?? 0;
  return { ready: live >= wanted, reasons: [] };
};

const judges: Readonly<Record<string, Judge>> = {
  "apiextensions.k8s.io/v1/CustomResourceDefinition": judgeDefinition,
  "apps/v1/DaemonSet": judgeDaemonSet,
  "apps/v1/Deployment": judgeDeployment,
  "apps/v1/StatefulSet": judgeStatefulSet,
  "batch/v1/Job": judgeJob,
  "v1/PersistentVolume": judgeVolume,
  "v1/PersistentVolumeClaim": judgeClaim,
  "v1/Pod": judgePod,
  "v1/ReplicationController": judgeController,
  "v1/ResourceQuota": judgeQuota,
  "v1/Service": judgeService,
};

/** Kinds that a refresh judges, too. */
const judgedWhenRead: ReadonlySet<string> = new Set([
  "apps/v1/DaemonSet",
  "apps/v1/Deployment",
  "apps/v1/StatefulSet",
  "batch/v1/Job",
  "v1/Pod",
  "v1/Service",
]);

/** How a kind is awaited; most kinds are ready once they exist. */
export function judgeOf(
  { apiVersion, kind }: GroupVersionKind,
  purpose: "await" | "read" = "await",
): Judge | undefined {
  const key = `${apiVersion}/${kind}`;
  return purpose === "await" || judgedWhenRead.has(key)
    ? judges[key]
    : undefined;
}

async function podReasons(
  owner: Properties,
  related: Related,
): Promise<string[]> {
  const selector = propertiesAt(owner, "spec", "selector", "matchLabels");
  if (Object.keys(selector).length === 0) return [];
  const pods = await related.pods(selector);
  return pods.flatMap((pod) => reasonsOf(pod));
}

/** Why a pod is not ready, in the words of its conditions and containers. */
export function reasonsOf(pod: Properties): string[] {
  const scheduled = condition(pod, "PodScheduled");
  const initialized = condition(pod, "Initialized");
  const isReady = condition(pod, "Ready");
  const name = `[Pod ${fullName(pod)}]: `;
  if (textAt(pod, "status", "phase") === "Succeeded") return [];
  if (scheduled.status === "False") {
    const message = textAt(scheduled, "message");
    return message ? [name + message] : [];
  }
  const blocked =
    initialized.status === "False"
      ? initialized
      : isReady.status === "False"
        ? isReady
        : undefined;
  if (!blocked) return [];
  const containers = listAt(pod, "status", "containerStatuses")
    .flatMap((status) => containerReasons(propertiesAt(status)))
    .join("\n");
  const message =
    blocked.reason && blocked.message ? textAt(blocked, "message") : "";
  return message || containers ? [`${name}${message ?? ""}${containers}`] : [];
}

function containerReasons(status: Properties): string[] {
  if (status.ready === true) return [];
  const waiting = propertiesAt(status, "state", "waiting");
  const ended = propertiesAt(status, "state", "terminated");
  const last = propertiesAt(status, "lastState", "terminated");
  const container = textAt(status, "name");
  const reasons: string[] = [];
  if (waiting.reason && waiting.reason !== "ContainerCreating") {
    reasons.push(
      `[${textAt(waiting, "reason")}] ${textAt(waiting, "message") ?? ""}`,
    );
  }
  if (ended.reason) {
    reasons.push(
      ended.message
        ? `[${textAt(ended, "reason")}] ${textAt(ended, "message")}`
        : `container "${container}" completed with exit code ${numberAt(ended, "exitCode")}`,
    );
  }
  if (last.finishedAt) {
    reasons.push(
      `container "${container}" terminated at ${textAt(last, "finishedAt")} (${textAt(last, "reason")}: exit code ${numberAt(last, "exitCode")})`,
    );
    if (last.message) reasons.push(textAt(last, "message") ?? "");
  }
  return reasons;
}

function fullName(object: Properties): string {
  const namespace = textAt(object, "metadata", "namespace");
  const name = textAt(object, "metadata", "name") ?? "";
  return namespace && namespace !== "default" ? `${namespace}/${name}` : name;
}
