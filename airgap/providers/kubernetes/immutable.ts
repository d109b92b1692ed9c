import type { GroupVersionKind } from "./naming";

/** Steps of a path; `*` stands for every element of a list. */
type Path = readonly string[];

const paths = (...dotted: readonly string[]): readonly Path[] =>
  dotted.map((path) => path.split("."));

const container = [
  "args",
  "command",
  "env",
  "image",
  "imagePullPolicy",
  "lifecycle",
  "livenessProbe",
  "ports",
  "readinessProbe",
  "resources",
  "securityContext",
  "stdin",
  "stdinOnce",
  "terminationMessagePath",
  "terminationMessagePolicy",
  "tty",
  "volumeDevices",
  "volumeMounts",
  "workingDir",
];

const podSpec = [
  "affinity",
  "automountServiceAccountToken",
  "dnsConfig",
  "dnsPolicy",
  "enableServiceLinks",
  "hostAliases",
  "hostIPC",
  "hostNetwork",
  "hostPID",
  "hostname",
  "imagePullSecrets",
  "nodeName",
  "nodeSelector",
  "overhead",
  "preemptionPolicy",
  "priority",
  "priorityClassName",
  "readinessGates",
  "restartPolicy",
  "runtimeClassName",
  "schedulerName",
  "securityContext",
  "serviceAccount",
  "serviceAccountName",
  "shareProcessNamespace",
  "subdomain",
  "terminationGracePeriodSeconds",
  "volumes",
];

const volumeSources = [
  "awsElasticBlockStore",
  "azureDisk",
  "azureFile",
  "cephfs",
  "cinder",
  "csi",
  "fc",
  "flexVolume",
  "flocker",
  "gcePersistentDisk",
  "glusterfs",
  "hostPath",
  "iscsi",
  "local",
  "nfs",
  "photonPersistentDisk",
  "portworxVolume",
  "quobyte",
  "rbd",
  "scaleIO",
  "storageos",
  "vsphereVolume",
];

/** What the real provider replaces an object for; all else it updates. */
const immutable: Readonly<Record<string, readonly Path[]>> = {
  "v1/ConfigMap": paths("binaryData", "data"),
  "v1/Secret": paths("type", "stringData", "data"),
  "v1/Service": paths("spec.clusterIP"),
  "v1/ResourceQuota": paths("spec.scopes"),
  "v1/PersistentVolume": volumeSources.map((source) => ["spec", source]),
  "v1/PersistentVolumeClaim": paths(
    "spec.accessModes",
    "spec.selector",
    "spec.storageClassName",
    "spec.volumeName",
  ),
  "v1/Pod": [
    ...podSpec.map((field) => ["spec", field]),
    ...["containers", "initContainers"].flatMap((list) =>
      container.map((field) => ["spec", list, "*", field]),
    ),
  ],
  "apps/v1/DaemonSet": paths("spec.selector"),
  "apps/v1/Deployment": paths("spec.selector"),
  "apps/v1/StatefulSet": paths(
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ),
  "batch/v1/Job": paths(
    "spec.completions",
    "spec.parallelism",
    "spec.selector",
    "spec.template",
  ),
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": paths("roleRef"),
  "rbac.authorization.k8s.io/v1/RoleBinding": paths("roleRef"),
  "storage.k8s.io/v1/StorageClass": paths("parameters", "provisioner"),
};

const identity = paths("metadata.name", "metadata.namespace");

/** Options of the provider that make data of a kind changeable. */
export interface Mutability {
  readonly configMaps: boolean;
  readonly secrets: boolean;
}

/** Paths of a kind whose change replaces the object. */
export function immutablePaths(
  { apiVersion, kind }: GroupVersionKind,
  mutable: Mutability = { configMaps: false, secrets: false },
): readonly Path[] {
  const key = `${apiVersion}/${kind}`;
  if (key === "v1/ConfigMap" && mutable.configMaps) return identity;
  if (key === "v1/Secret" && mutable.secrets) {
    return [...identity, ["type"]];
  }
  return [...identity, ...(immutable[key] ?? [])];
}
