import type { core } from "@pulumi/kubernetes/types/input";

/** Most that a team's namespace may hold, and that its pods may ask for together. */
export interface TeamQuota {
  /** Cores, as a Kubernetes quantity. */
  readonly cpu: string;
  /** Memory, as a Kubernetes quantity. */
  readonly memory: string;
  readonly gpus: number;
  /** Pods that have not ended. */
  readonly pods: number;
  /** Services of type LoadBalancer; none unless given. */
  readonly loadBalancers?: number;
  /** Objects of each kind that members make, such as Secrets; {@link defaultObjects} unless given. */
  readonly objects?: number;
  /** Total storage that all claims may request, as a Kubernetes quantity; {@link defaultStorage} unless given. */
  readonly storage?: string;
  /**
   * Storage that one container may write to its node's disk, as a Kubernetes quantity; {@link defaultNodeDisk} unless
   * given.
   */
  readonly nodeDisk?: string;
  /**
   * Storage that all pods may reserve on their nodes' disks, as a Kubernetes quantity; {@link defaultNodeDisks} unless
   * given.
   */
  readonly nodeDisks?: string;
}

/** Cores, memory, GPUs and pods where a quota names none. */
export const defaultRequests = {
  cpu: "8",
  memory: "32Gi",
  gpus: 0,
  pods: 50,
} as const;

/** Objects of each kind where a quota names none: well above what the platform makes, and low enough to stop a runaway loop. */
export const defaultObjects = 500;

/** Bytes of all claims where a quota names none. */
export const defaultStorage = "2Ti";

/** Bytes of a container on its node's disk where a quota names none. */
export const defaultNodeDisk = "100Gi";

/** Bytes that pods may reserve of their nodes' disks where a quota names none. */
export const defaultNodeDisks = "1Ti";

/** The kinds of which whoever may edit makes objects, by the names that a quota counts them under; pods have a count of their own. */
const countedKinds = [
  ...["secrets", "configmaps", "services", "persistentvolumeclaims"],
  ...["replicationcontrollers", "count/serviceaccounts"],
  ...["deployments", "replicasets", "statefulsets", "daemonsets"].map(
    (kind) => `count/${kind}.apps`,
  ),
  ...["count/jobs.batch", "count/cronjobs.batch"],
  "count/horizontalpodautoscalers.autoscaling",
  "count/poddisruptionbudgets.policy",
  "count/ingresses.networking.k8s.io",
  "count/leases.coordination.k8s.io",
];

/** `hard` of a team's ResourceQuota. */
export function hardLimits(quota: TeamQuota): Record<string, string> {
  const objects = String(quota.objects ?? defaultObjects);
  return {
    "requests.cpu": quota.cpu,
    "requests.memory": quota.memory,
    "requests.nvidia.com/gpu": String(quota.gpus),
    pods: String(quota.pods),
    // Services of these types would bypass the team's network policy.
    "services.loadbalancers": String(quota.loadBalancers ?? 0),
    "services.nodeports": String(quota.loadBalancers ?? 0),
    "requests.storage": quota.storage ?? defaultStorage,
    // On a full disk, the kubelet first evicts pods that wrote more than they reserved: without a limit on reservations, a
    // team that reserves the whole disk would never be evicted.
    "requests.ephemeral-storage": quota.nodeDisks ?? defaultNodeDisks,
    // One etcd stores all teams' objects, and stops accepting writes for everybody when it is full.
    ...Object.fromEntries(countedKinds.map((kind) => [kind, objects])),
  };
}

/**
 * For containers that name no request or no limit. The default limit is the team's whole memory: one below a container's
 * own request would refuse the pod. The quota counts requests alone, because counted default limits would use it up.
 */
export function containerLimits({
  memory,
  nodeDisk = defaultNodeDisk,
}: TeamQuota): core.v1.LimitRangeItem {
  return {
    type: "Container",
    defaultRequest: {
      cpu: "100m",
      memory: "128Mi",
      // The disk of a node is shared: whoever asks for none of it is the first to be evicted where it runs full.
      "ephemeral-storage": "0",
    },
    default: { memory, "ephemeral-storage": nodeDisk },
    max: { "ephemeral-storage": nodeDisk },
  };
}
