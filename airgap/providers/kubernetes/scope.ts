import type { GroupVersionKind } from "./naming";

/** Kinds of the API's own groups that lie in no namespace. */
const clusterKinds: ReadonlySet<string> = new Set([
  "APIService",
  "CSIDriver",
  "CSINode",
  "CertificateSigningRequest",
  "ClusterRole",
  "ClusterRoleBinding",
  "ClusterTrustBundle",
  "ComponentStatus",
  "CustomResourceDefinition",
  "DeviceClass",
  "FlowSchema",
  "IngressClass",
  "IPAddress",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
  "MutatingWebhookConfiguration",
  "Namespace",
  "Node",
  "PersistentVolume",
  "PriorityClass",
  "PriorityLevelConfiguration",
  "ResourceSlice",
  "RuntimeClass",
  "ServiceCIDR",
  "StorageClass",
  "StorageVersionMigration",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
  "VolumeAttachment",
  "VolumeAttributesClass",
]);

/** Whether a kind is of the API itself, and if so whether it lies in a namespace. */
export function builtinScope({
  apiVersion,
  kind,
}: GroupVersionKind): "namespace" | "cluster" | undefined {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0]! : "";
  const builtin = !group.includes(".") || /(^|\.)k8s\.io$/.test(group);
  // Definitions of others may call themselves *.x-k8s.io, or *.k8s.io too.
  if (!builtin || !builtinGroups.has(group)) return undefined;
  return clusterKinds.has(kind) ? "cluster" : "namespace";
}

const builtinGroups: ReadonlySet<string> = new Set([
  "",
  "apps",
  "autoscaling",
  "batch",
  "policy",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "certificates.k8s.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "flowcontrol.apiserver.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "rbac.authorization.k8s.io",
  "resource.k8s.io",
  "scheduling.k8s.io",
  "storage.k8s.io",
  "storagemigration.k8s.io",
]);
